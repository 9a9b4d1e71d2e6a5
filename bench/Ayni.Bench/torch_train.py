"""The peer of `bench/run training`: PyTorch's CPU training of a Llama shape. Reads how many threads and steps from standard input, line by line,
and answers each line with the median of its steps' seconds: forward, backward, clipping and update. float32, eager, as one writes it.
"""
import json, math, statistics, sys, time
import torch, torch.nn as nn, torch.nn.functional as F

dim, layers, heads, kv, ffn, vocab, ctx, batch, tied = map(int, sys.argv[1:])
head_dim = dim // heads
torch.manual_seed(0)


def linear(inputs, outputs):
    return nn.Linear(inputs, outputs, bias=False)


class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.weight


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm, self.feed_forward_norm = Norm(), Norm()
        self.q, self.k, self.v, self.o = linear(dim, dim), linear(dim, kv * head_dim), linear(dim, kv * head_dim), linear(dim, dim)
        self.gate, self.up, self.down = linear(dim, ffn), linear(dim, ffn), linear(ffn, dim)

    def forward(self, x, cos, sin, mask):
        def split(y, n):
            return y.view(batch, ctx, n, head_dim).transpose(1, 2)

        def rotate(y):
            u, v = y[..., 0::2], y[..., 1::2]
            return torch.stack((u * cos - v * sin, u * sin + v * cos), -1).flatten(-2)

        h = self.attention_norm(x)
        q, k, v = rotate(split(self.q(h), heads)), rotate(split(self.k(h), kv)), split(self.v(h), kv)
        if kv < heads:
            k, v = (y.repeat_interleave(heads // kv, 1) for y in (k, v))
        weights = (q @ k.transpose(-1, -2) / math.sqrt(head_dim) + mask).softmax(-1)
        x = x + self.o((weights @ v).transpose(1, 2).reshape(batch, ctx, dim))
        h = self.feed_forward_norm(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(vocab, dim)
        self.blocks = nn.ModuleList(Block() for _ in range(layers))
        self.norm, self.head = Norm(), linear(dim, vocab)
        if tied:
            self.head.weight = self.embedding.weight
        angles = torch.outer(torch.arange(ctx).float(), 10000.0 ** (-torch.arange(0, head_dim, 2).float() / head_dim))
        self.cos, self.sin = angles.cos(), angles.sin()
        self.mask = torch.full((ctx, ctx), float("-inf")).triu(1)

    def forward(self, ids):
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x, self.cos, self.sin, self.mask)
        return self.head(self.norm(x))


model = Model()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.9, 0.95), weight_decay=0.1)


def step():
    ids = torch.randint(0, vocab, (batch, ctx + 1))
    start = time.perf_counter()
    loss = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return time.perf_counter() - start


print(json.dumps({"version": torch.__version__, "parameters": sum(p.numel() for p in model.parameters())}), flush=True)
for line in sys.stdin:
    threads, steps = map(int, line.split())
    torch.set_num_threads(threads)
    step()
    print(json.dumps({"seconds": statistics.median(step() for _ in range(steps))}), flush=True)
