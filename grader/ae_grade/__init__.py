"""Build exercise sheets and grade what comes back, without trusting it.

`sandbox` makes the box that a notebook runs in: `host` is its outside, `guest` its inside, and
`protocol` what passes between; `proxy` shows the notebook to otter's tests, which stay outside;
`grade` marks one submission, `apart` in a process of its own, `batch` a pile of them; `collect`
finds them in a folder or a zip; `report` writes the tables. `build` makes a sheet from its master.
"""
