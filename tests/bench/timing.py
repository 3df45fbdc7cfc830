"""Samples of CPU time of this thread, taken as case.c takes them."""
import gc
import statistics
import time

SLOTS = 64


def seconds(work, least):
    """Of one run of a work, averaged over as many as fill `least` seconds; each is prepared first where it needs that."""
    slots = SLOTS if work.prepare and work.entries <= 4096 else 1
    runs, repeats, total = 0, 1, 0.0
    run = work.run
    gc.collect()
    gc.disable()
    try:
        while not runs or total < least:
            if work.prepare:
                for slot in range(slots):
                    work.prepare(slot)
            start = time.thread_time()
            for _ in range(repeats):
                for slot in range(slots):
                    run(slot)
            total += time.thread_time() - start
            runs += repeats * slots
            repeats *= 1 if work.prepare else 2
    finally:
        gc.enable()
    return total / runs


def median_ratio(above, below):
    """The median of the ratios of samples that were taken one after the other."""
    return statistics.median(a / b for a, b in zip(above, below))
