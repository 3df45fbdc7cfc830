"""The results as text, Markdown and JSON."""
import json

PEERS = ["TorchScript", "onnxruntime", "OpenBLAS"]
WIDTHS = {"work": 31, "PyTorch": 9, "TorchScript": 11, "onnxruntime": 11, "OpenBLAS": 9, "ours": 9, "ratio": 12, "goal": 9,
          "ours / limit": 19, "goal of limit": 13, "extra memory": 12, "misses": 0}


def time_text(seconds):
    if seconds is None:
        return ""
    for unit, scale in (("s", 1), ("ms", 1e3), ("us", 1e6)):
        if seconds * scale >= 1:
            break
    return f"{seconds * scale:.3g} {unit}" if seconds * scale < 1000 else f"{seconds * scale:.0f} {unit}"


def memory_text(size):
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"


def number(x):
    return "-" if x is None else f"{x:.0f}" if x >= 100 else f"{x:.3g}"


def cells(result):
    """By column; peers have theirs where they can take part. The ratio is to PyTorch, or to whom the goal names."""
    goal = result.goal
    against = [others for others, _ in goal.ratios]
    limit = result.times_limit
    return {
        "work": result.name,
        **{name: time_text(result.seconds(name)) for name in ["PyTorch", *(PEERS if result.is_network else []), "ours"]},
        "ratio": "; ".join(number(result.ratio(others)) for others in against),
        "goal": "; ".join(f"{at_least:g}" for _, at_least in goal.ratios),
        "ours / limit": "" if limit is None else f"{limit:.2f} {result.limit_name}",
        "goal of limit": f"{goal.limit:.3g}" if goal.limit else "",
        "extra memory": memory_text(result.extra_memory),
        "misses": ", ".join(result.misses),
    }


def padded(texts):
    return " ".join(text.rjust(WIDTHS[column]) if column not in ("work", "misses") else text.ljust(WIDTHS[column])
                    for column, text in texts.items()).rstrip()


def text(result, before):
    """The line of a result, under a head where the columns change from those of the result before."""
    line = cells(result)
    if before and before.is_network == result.is_network:
        return padded(line)
    return "\n" + padded({column: column for column in line}) + "\n" + padded(line)


def markdown(results):
    """A table without peers and one with them. What misses a goal is in bold."""
    lines, before = [], None
    for result in results:
        line = cells(result)
        misses = line.pop("misses")
        if not before or before.is_network != result.is_network:
            lines += ["", "| " + " | ".join(line) + " |", "|---|" + "---:|" * (len(line) - 1)]
        if misses:
            line["work"] = f"**{line['work']}**"
        lines.append("| " + " | ".join(line.values()) + " |")
        before = result
    return "\n".join(lines[1:]) + "\n"


def summary(results):
    missed = sum(bool(result.misses) for result in results)
    different = sum(bool(result.different) for result in results)
    unchecked = sum(bool(result.unchecked) for result in results)
    lines = [f"{len(results)} rows: {len(results) - missed} reach their goals, {missed} do not"
             + (f", {different} of them compute something else" if different else "")]
    if unchecked:
        lines.append(f"rows with a goal against a peer that is not here: {unchecked}")
    return "\n".join(lines)


def write_json(path, machine, results):
    rows = []
    for r in results:
        ratios = [{"others": others, "at_least": at_least, "ratio": r.ratio(others)} for others, at_least in r.goal.ratios]
        rows.append({"work": r.name, "seconds": r.samples, "ratios": ratios, "limit": r.limit_name,
                     "times_limit": r.times_limit, "at_most_times_limit": r.goal.limit, "extra_memory": r.extra_memory,
                     "at_most_extra_memory": r.memory_goal, "misses": r.misses})
    path.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")
