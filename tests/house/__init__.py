"""The house rules as functions: each yields one sentence per violation, so that each can be shown a planted one."""
