"""Asymmetrical node scaling (Caron et al. 2023): which particles move, and does the kernel change?"""
