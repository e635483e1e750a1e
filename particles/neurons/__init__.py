"""How one particle computes: perceptrons, their activations and embeddings, and neurons that users write."""
