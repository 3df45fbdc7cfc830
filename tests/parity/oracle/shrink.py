"""Delta debugging: the commands that a failure needs."""


def shrink(commands, fails):
    """A part of `commands`, in order, that still fails and of which no single command can be left out."""
    size = max(len(commands) // 2, 1)
    while True:
        removed = False
        start = 0
        while start < len(commands):
            kept = commands[:start] + commands[start + size:]
            if kept and fails(kept):
                commands, removed = kept, True
            else:
                start += size
        if size > 1:
            size //= 2
        elif not removed:
            return commands
