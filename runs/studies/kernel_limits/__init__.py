"""Networks of growing width: how near are they to their kernel, random kernel and kernel flow?"""
