"""What a cloud predicts, how wrong that is, and how it is pushed: network, scaling, loss, data, risk."""
