"""Build exercise sheets and grade what comes back, without trusting it.

`sandbox` makes the box that a notebook runs in: `host` is its outside, `guest` its inside, where
`guest_kernel` runs the cells, and `protocol` what passes between; `proxy` shows the notebook to
otter's tests, which stay outside; `grade` marks one submission, `apart` in a process of its own,
`batch` a pile of them; `collect` finds them: `entries` reads a folder or a zip, `layout` knows
whose a file is; `report` writes the tables. `build` makes a sheet from its master, with the cell
of `install`.
"""
