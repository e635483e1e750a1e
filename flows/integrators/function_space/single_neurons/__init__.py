"""What an implicit step knows of single neurons beside the Gauss-Newton Jacobian: their curvature and their kinks."""
