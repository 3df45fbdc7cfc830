"""Numbers, shapes, patterns and tensors for random programs."""
import math


class Values:
    def count(self, shape):
        return math.prod(shape)

    def seed(self):
        return self.pick((5, self.r.randrange(100)), (1, -1), (1, 2**32 + 5), (1, 2**64 - 1), (1, self.r.getrandbits(63)))

    def sizes(self, shape):
        return "[" + ",".join(map(str, shape)) + "]"

    def shape(self):
        kind = self.pick((12, "small"), (3, "long"), (2, "thousands"), (1, "more"))
        if kind == "long":
            return [self.r.choice([17, 64, 65, 97, 128, 251, 640])]
        if kind == "thousands":
            return self.r.choice([[1009], [3001], [32, 40], [16, 3, 5, 5], [50, 61], [4, 1, 257], [7, 11, 13], [64, 64]])
        if kind == "more":
            return self.r.choice([[4097], [5003], [8192], [20011], [40000], [70, 80], [130, 127], [3, 64, 65], [24, 24, 5, 5]])
        rank = self.pick((1, 0), (4, 1), (7, 2), (3, 3), (3, 4), (1, 5))
        sizes = [self.r.choice([1, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8, 11, 13]) for _ in range(rank)]
        while math.prod(sizes) > 3000:
            sizes[self.r.randrange(rank)] = 1
        if rank and self.chance(0.04):
            sizes[self.r.randrange(rank)] = 0
        return sizes

    def amount(self, units):
        return self.pick((10, f"{self.r.random():.2f}"), (6, self.r.choice(["0.5", "0.3", "0.25", "0.1"])),
                         (8, self.r.randrange(max(units, 1) // 2 + 1)), (2, self.r.randrange(units + 1)),
                         (1, "0"), (1, "0.0"), (1, "1.0"), (1, str(units)), (0.7, str(units + 1)),
                         (0.2, "-1"), (0.2, "1.5"), (0.1, "-0.1"), (0.1, "nan"), (0.1, "inf"))

    def dim(self, shape):
        rank = max(len(shape), 1)
        return self.r.randrange(-rank, rank) if not self.chance(0.03) else self.r.choice([rank, -rank - 1, 7, -9])

    def order(self, shape):
        order = self.pick((8, 2), (5, 1), (2, 0), (2, "inf"), (1, "-inf"), (1, 3), (0.7, 0.5), (0.5, -1), (1, "fro"), (1, "nuc"))
        if order == "nuc" and len(shape) > 3 and self.chance(0.8):
            return 2
        return order

    def groups(self, shape):
        """n, m and dim of N:M."""
        dim = self.dim(shape)
        size = shape[dim] if shape and -len(shape) <= dim < len(shape) else 4
        divisors = [d for d in range(1, size + 1) if size % d == 0] or [2]
        m = self.r.choice(divisors) if not self.chance(0.1) else self.r.choice([0, 3, 4])
        n = self.r.randrange(max(m, 1) + 1) if not self.chance(0.03) else -1
        return [n, m, dim]

    # ---- Patterns

    def pattern(self):
        s = self.r.randrange(10**6)
        return self.pick((8, f"uniform:{s}"), (6, f"few:{s}:{self.r.choice([2, 3, 5, 9])}"), (2, f"fill:{self.r.choice(['0', '-0.0', '1', '-2.5'])}"),
                         (3, f"wide:{s}"), (4, f"special:{s}:{self.r.choice([10, 60, 250])}"), (2, f"mask:{s}:128"),
                         (1, "arange"), (1, "bits:00000001,80000000,7f800000,3f800000,7fc00000"))

    def mask_pattern(self):
        s = self.r.randrange(10**6)
        return self.pick((8, f"mask:{s}:{self.r.choice([0, 30, 128, 220, 255, 256])}"), (2, f"odd:{s}"), (1, f"uniform:{s}"))

    def tensor(self, shape):
        """Makes a float tensor of that shape; now and then a view: permuted, with gaps, or both."""
        if shape and self.chance(0.06):
            return self.view(shape, self.pattern())
        self.say("tensor", t := self.name("t"), self.sizes(shape), self.pattern())
        return t

    def view(self, shape, pattern):
        dims = list(range(len(shape)))
        if self.chance(0.7):
            self.r.shuffle(dims)
        stored = [0] * len(shape)
        for place, d in enumerate(dims):
            stored[d] = shape[place]
        cuts = []
        while self.chance(0.4):
            d, start, step = self.r.randrange(len(shape)), self.r.randrange(3), self.pick((2, 1), (1, 2), (1, 3))
            stored[d] = start + stored[d] * step
            cuts.append([d, start, step])
        self.say("tensor", t := self.name("t"), self.sizes(stored), pattern)
        for cut in reversed(cuts):
            self.say("slice", after := self.name("t"), t, ",".join(map(str, cut)))
            t = after
        if dims != sorted(dims):
            self.say("permute", after := self.name("t"), t, self.sizes(dims))
            t = after
        return t

    def mask(self, shape):
        t = self.name("t")
        if self.chance(0.04):
            shape = [*shape, 2]
        if self.chance(0.3):
            s = self.r.randrange(10**6)
            self.say("tensor", t, self.sizes(shape), f"mask:{s}:{self.r.choice([60, 128])}",
                     f"dtype={self.r.choice(['bool', 'i64', 'i32', 'u8', 'f64', 'f16', 'bf16'])}")
        else:
            self.say("tensor", t, self.sizes(shape), self.mask_pattern())
        return t

    def scores(self, shape):
        if not self.chance(0.2):
            return ""
        return f"scores={self.tensor(shape if not self.chance(0.1) else [*shape, 1])}"
