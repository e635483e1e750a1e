"""To and from torch: a module becomes a network and a cloud, a network and a cloud become a module."""
