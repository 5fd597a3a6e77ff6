"""Build exercise sheets and grade what comes back, without trusting it.

`sandbox` makes the box that a notebook runs in, `box` runs inside, `wire` is what passes between;
`proxy` shows the notebook to otter's tests, which stay outside; `grade` marks one submission,
`run` a pile of them; `collect` finds them in a folder or a zip; `report` writes the tables.
"""
