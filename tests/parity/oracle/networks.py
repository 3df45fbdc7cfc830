"""Modules for random programs: plain ones of any shape, layers, networks, and what they take."""


class Known:
    """A module that a program has: its name, its parameters' shapes, the shape it takes, which parameters are pruned."""

    def __init__(self, name, parameters, takes=None):
        self.name, self.parameters, self.takes = name, dict(parameters), takes
        self.pruned = set()
        self.recurrent, self.plain = 0, False


class Networks:
    def know(self, name, parameters, takes=None, root=True):
        self.modules.append(Known(name, parameters, takes))
        if root:
            self.roots.append(name)
        return self.modules[-1]

    # ---- Plain modules

    def plain_module(self):
        m = self.name("m")
        self.say("module", m, self.r.choice(["Net", "Block", "Linear"]))
        known = self.know(m, {})
        known.plain = True
        for name in ["weight", "bias", "gain"][:self.r.choice([1, 1, 2, 3])]:
            self.add_parameter(known, name, self.shape())

    def add_parameter(self, known, name, shape):
        if name == "bias" and self.chance(0.05):
            self.say("parameter", known.name, name, "none")
            return
        self.say("parameter", known.name, name, self.tensor(shape))
        known.parameters[name] = shape

    def large_module(self):
        m = self.name("m")
        shape = self.r.choice([[1000003], [1024, 1024], [2, 1500000], [300, 100, 7, 7]])
        self.say("module", m, "Large")
        self.know(m, {"weight": shape})
        s = self.r.randrange(10**6)
        pattern = self.pick((1, f"uniform:{s}"), (1, f"few:{s}:9"), (1, f"wide:{s}"))
        if self.chance(0.5):
            t = self.view(shape, pattern)
        else:
            self.say("tensor", t := self.name("t"), self.sizes(shape), pattern)
        self.say("parameter", m, "weight", t)

    # ---- Layers; each gives its shape of input, without the batch, and of output

    def layer(self):
        kind = self.pick((4, "linear"), (4, "conv2d"), (2, "conv1d"), (1, "conv3d"), (2, "batch_norm"), (1, "empty"), (2, "rnn"))
        batch = self.r.choice([1, 2, 3])
        if kind == "linear":
            n = self.r.choice([1, 3, 8, 17])
            self.linear(n, self.r.choice([1, 2, 5, 16]), True, [batch, n])
        elif kind == "empty":
            self.linear(self.r.choice([0, 3]), self.r.choice([0, 4]), True, [2, 3])
        elif kind == "rnn":
            self.rnn(batch)
        elif kind == "batch_norm":
            self.batch_norm(self.r.choice([1, 3, 6]), True, batch)
        else:
            self.conv(kind, int(kind[4]), batch)

    def linear(self, inputs, outputs, root, takes=None):
        m = self.name("m")
        bias = not self.chance(0.15)
        self.say("linear", m, inputs, outputs, "" if bias else "bias=0")
        parameters = {"weight": [outputs, inputs]}
        if bias:
            parameters["bias"] = [outputs]
        return self.know(m, parameters, takes, root)

    def conv(self, kind, rank, batch):
        m = self.name("m")
        groups = self.pick((4, 1), (1, 2))
        inputs, outputs = groups * self.r.choice([1, 2, 3]), groups * self.r.choice([1, 2, 4])
        kernel = [self.r.choice([1, 2, 3]) for _ in range(rank)]
        words = [f"groups={groups}"] if groups > 1 else []
        if self.chance(0.3):
            words.append(f"stride={self.r.choice([1, 2])}")
        if self.chance(0.4):
            words.append("padding=" + self.pick((2, "1"), (1, "valid"), (1, "same" if "stride=2" not in words else "1")))
        if self.chance(0.2):
            words.append("dilation=2")
        if self.chance(0.1):
            words.append("mode=" + self.r.choice(["reflect", "replicate", "circular"]))
        bias = not self.chance(0.15)
        if not bias:
            words.append("bias=0")
        self.say(kind, m, inputs, outputs, ",".join(map(str, kernel)), *words)
        parameters = {"weight": [outputs, inputs // groups, *kernel]}
        if bias:
            parameters["bias"] = [outputs]
        return self.know(m, parameters, [batch, inputs] + [self.r.choice([5, 6, 7]) for _ in range(rank)])

    def batch_norm(self, features, root, batch):
        m = self.name("m")
        rank = self.r.choice([1, 2])
        self.say(f"batch_norm{rank}d", m, features, self.pick((3, ""), (1, "affine=0"), (1, "eps=0.001")))
        self.say("train", m, 0 if not self.chance(0.1) else 1)
        parameters = {} if "affine=0" in self.lines[-2] else {"weight": [features], "bias": [features]}
        return self.know(m, parameters, [batch, features] + [4] * (2 * rank - 2), root)

    def rnn(self, batch):
        m = self.name("m")
        kind = self.r.choice(["lstm", "gru"])
        inputs, hidden, layers = self.r.choice([1, 2, 5]), self.r.choice([1, 3, 4]), self.pick((3, 1), (1, 2))
        bias, both, first = not self.chance(0.2), self.chance(0.3), self.chance(0.3)
        self.say(kind, m, inputs, hidden, f"num_layers={layers}" if layers > 1 else "", "" if bias else "bias=0",
                 "bidirectional=1" if both else "", "batch_first=1" if first else "")
        rows = hidden * (4 if kind == "lstm" else 3)
        parameters = {}
        for k in range(layers):
            for end in ["", "_reverse"][:1 + both]:
                parameters[f"weight_ih_l{k}{end}"] = [rows, inputs if k == 0 else hidden * (1 + both)]
                parameters[f"weight_hh_l{k}{end}"] = [rows, hidden]
                if bias:
                    parameters.update({f"bias_ih_l{k}{end}": [rows], f"bias_hh_l{k}{end}": [rows]})
        steps = self.r.choice([1, 3, 5])
        known = self.know(m, parameters, [batch, steps, inputs] if first else [steps, batch, inputs])
        known.recurrent = 3 if kind == "lstm" else 2
        known.states = [layers * (1 + both), batch, hidden]

    # ---- Networks

    def network(self):
        convolutional = self.chance(0.5)
        first = len(self.modules)
        names = self.convolutions() if convolutional else self.perceptron()
        net = self.name("m")
        self.say("sequential", net, *names)
        for known in self.modules[first:]:
            known.name = f"{net}/{names.index(known.name)}"
        takes = self.takes
        if self.chance(0.2):
            outer = self.name("m")
            self.say("sequential", outer, net)
            for known in self.modules[first:]:
                known.name = f"{outer}/0.{known.name.partition('/')[2]}"
            net = outer
        self.know(net, {}, takes)

    def simple(self, *words):
        m = self.name("m")
        self.say(words[0], m, *words[1:])
        return m

    def activation(self):
        return self.simple(*self.pick((4, ("relu",)), (1, ("relu", "inplace=1")), (1, ("sigmoid",)), (1, ("tanh",)), (1, ("gelu",)),
                                      (1, ("identity_layer",))))

    def perceptron(self):
        widths = [self.r.choice([1, 2, 3, 5, 8, 13, 32]) for _ in range(self.r.choice([2, 3, 4]))]
        names = []
        for a, b in zip(widths, widths[1:]):
            names += [self.linear(a, b, False).name, self.activation()]
        if self.chance(0.3):
            names.append(self.simple(self.r.choice(["softmax", "log_softmax"]), self.r.choice([-1, 1, 0])))
        self.takes = [self.r.choice([1, 2, 4]), widths[0]]
        return names

    def convolutions(self):
        channels = self.r.choice([1, 2, 3])
        size = self.r.choice([8, 9, 12])
        self.takes = [self.r.choice([1, 2]), channels, size, size]
        names = []
        for _ in range(self.r.choice([1, 2])):
            known = self.conv_in_network(channels)
            channels = known.parameters["weight"][0]
            names += [known.name, self.activation()]
            if self.chance(0.3):
                bn = self.name("m")
                self.say("batch_norm2d", bn, channels)
                self.say("train", bn, 0)
                self.know(bn, {"weight": [channels], "bias": [channels]}, None, False)
                names.append(bn)
            if self.chance(0.5):
                names.append(self.simple(*self.pick((2, ("max_pool2d", "2")), (1, ("avg_pool2d", "2", "stride=1")))))
        names += [self.simple("adaptive_avg_pool2d", "2"), self.simple("flatten", 1, -1)]
        names.append(self.linear(4 * channels, self.r.choice([2, 10]), False).name)
        return names

    def conv_in_network(self, channels):
        m = self.name("m")
        outputs = self.r.choice([2, 4, 6])
        self.say("conv2d", m, channels, outputs, 3, "padding=1")
        return self.know(m, {"weight": [outputs, channels, 3, 3], "bias": [outputs]}, None, False)

    def forward(self):
        able = [m for m in self.modules if m.takes]
        if not able:
            return
        m = self.r.choice(able)
        takes = m.takes if not self.chance(0.05) else [*m.takes, 2]
        what = self.pick((6, "call"), (1, "summary"))
        if what == "summary" and "/" not in m.name and not m.parameters and len(takes) > 1:
            self.say("summary", m.name, self.sizes(takes[1:]), self.pick((1, ""), (1, "batch=3")))
            return
        t = self.name("t")
        self.say("tensor", t, self.sizes(takes), self.pick((8, f"uniform:{self.r.randrange(10**6)}"), (1, self.pattern())))
        if not m.recurrent:
            self.say("call", m.name, t)
            return
        states = [self.tensor(m.states) for _ in range(m.recurrent - 1)] if self.chance(0.5) and hasattr(m, "states") else []
        self.say("call", m.name, t, *states, f"outputs={self.r.randrange(1, m.recurrent + 1)}")
