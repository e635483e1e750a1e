"""Deep networks as particles: layers, their parameterisation, and the network linearised layer by layer."""
