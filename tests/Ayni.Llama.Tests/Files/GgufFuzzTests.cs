using Ayni.Kernels;

namespace Ayni.Llama.Tests;

/// <summary>
/// Damages a valid file in thousands of ways: each opens or is refused as a bad model file, cheaply, and nothing else happens.
/// </summary>
public sealed class GgufFuzzTests
{
    private const int Files = 6_000;
    private const int AllocationBound = 1 << 20;

    [Theory]
    [InlineData(20261122)]
    public void A_damaged_file_is_read_or_refused_and_nothing_else(int seed)
    {
        using var folder = new TemporaryFolder();
        var path = folder.PathOf("m.gguf");
        WriteValidFile(path);
        var valid = File.ReadAllBytes(path);
        OpenAndTouchEverything(path);

        var random = new Random(seed);
        var (opened, refused) = (0, new HashSet<string>());
        for (var i = 0; i < Files; i++)
        {
            var damaged = Mutation.Damage(valid, random);
            File.WriteAllBytes(path, damaged);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                OpenAndTouchEverything(path);
                opened++;
            }
            catch (ModelFormatException error)
            {
                Assert.Equal(path, error.Path);
                Assert.InRange(error.Offset, 0, damaged.Length);
                refused.Add(error.Message[error.Message.LastIndexOf(':')..]);
            }
            catch (Exception error)
            {
                Assert.Fail($"Seed {seed}, file {i}: {error}\n{Convert.ToBase64String(damaged)}");
            }
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(
                allocated < AllocationBound,
                $"Seed {seed}, file {i}: {allocated} bytes allocated\n{Convert.ToBase64String(damaged)}");
        }

        // That the damage reaches both ways out, and many refusals, shows that the test tests something.
        Assert.InRange(opened, Files / 50, Files * 9 / 10);
        Assert.True(refused.Count > 100, $"only {refused.Count} different refusals");
    }

    private static void WriteValidFile(string path)
    {
        var writer = new GgufWriter();
        writer.Add("general.architecture", "llama");
        writer.Add("general.alignment", 32u);
        writer.Add("llama.block_count", 2u);
        writer.Add("llama.rope.freq_base", 10_000f);
        writer.Add("a.byte", (byte)1);
        writer.Add("a.long", -1L);
        writer.Add("a.double", 0.5);
        writer.Add("a.truth", true);
        writer.Add("tokenizer.ggml.tokens", new[] { "<s>", "▁the", "مرحبا", "", "<0x0A>" });
        writer.Add("tokenizer.ggml.scores", new[] { 0f, -1f, -2f, -3f, -4f });
        writer.Add("tokenizer.ggml.token_type", new[] { 3, 1, 1, 1, 6 });
        writer.Add("some.truths", new[] { true, false });
        writer.Add("some.shorts", new short[] { 1, 2, 3 });
        AddTensor(writer, "token_embd.weight", TensorType.F32, 8, 5);
        AddTensor(writer, "blk.0.attn_q.weight", TensorType.Q4_0, 64, 2);
        AddTensor(writer, "blk.0.ffn_up.weight", TensorType.Q6_K, 256, 1);
        AddTensor(writer, "blk.0.ffn_gate_exps.weight", TensorType.F16, 4, 2, 3, 1);
        writer.Save(path);
    }

    private static void AddTensor(GgufWriter writer, string name, TensorType type, params long[] dimensions)
    {
        var bytes = TensorTypes.FormatOf(type).BytesOf(dimensions.Aggregate(1L, (a, b) => a * b));
        writer.AddTensor(name, type, [.. dimensions], stream => stream.Write(Enumerable.Repeat((byte)0x3C, (int)bytes).ToArray()));
    }

    private static void OpenAndTouchEverything(string path)
    {
        using var file = GgufFile.Open(path);
        foreach (var key in file.Metadata.Keys)
        {
            Assert.NotNull(file.Metadata.Find(key));
            if (file.Metadata.Find(key) is string[] texts)
                Assert.All(texts, Assert.NotNull);
        }
        foreach (var tensor in file.Tensors)
        {
            Assert.Same(tensor, file.Find(tensor.Name));
            Assert.Equal(TensorTypes.FormatOf(tensor.Type).BytesOf(tensor.Weights), tensor.Bytes);
            var data = file.Data(tensor);
            // Reads each byte, which would crash if the mapping were shorter.
            _ = data.Span(0, checked((int)data.Bytes)).IndexOf((byte)0xEE);
        }
    }
}
