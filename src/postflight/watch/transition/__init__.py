"""`postflight watch --during-deploy`: what becomes of each request while a platform switches releases.

`visits` sends them, `account` puts each into exactly one class, `judge` says what follows,
`strip` draws the time line, and `files` writes it all down.
"""
