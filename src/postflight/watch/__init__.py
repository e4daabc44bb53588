"""The watch after a deployment: block by block from signals to a verdict.

`plan` says which triggers are held against which signals, `state` what is known after each block, `conclude` what
follows in the end: all pure. `loop` brings time, `ledger` keeps what was seen and decided, `replay` decides it all
again; `view` and `lines` show it.
"""
