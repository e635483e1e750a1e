"""Three flows, more and more particles: how fast do clouds approach their limit?"""
