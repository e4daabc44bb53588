"""From what was measured to where it is drawn: positions for the templates of `report.html`. Pure, but for `images`.

Positions are numbers in a picture's own coordinates, rounded; the templates write them into SVG attributes. Words go
beside each picture as text, because a position says nothing to whoever cannot see it.
"""
