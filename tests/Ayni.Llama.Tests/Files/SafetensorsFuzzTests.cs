namespace Ayni.Llama.Tests;

/// <summary>
/// Damages a valid file in thousands of ways: each opens or is refused as a bad model file, cheaply, and nothing else happens.
/// </summary>
public sealed class SafetensorsFuzzTests
{
    private const int Files = 5_000;
    private const int AllocationBound = 1 << 20;

    [Fact]
    public void A_damaged_file_is_read_or_refused_and_nothing_else()
    {
        const int Seed = 20261122;
        using var folder = new TemporaryFolder();
        var valid = RawSafetensors.Of("BF16", 2, ("model.norm.weight", [4]), ("lm_head.weight", [3, 4]), ("model.embed_tokens.weight", [3, 4]));
        var path = folder.Write("model.safetensors", valid);
        OpenAndTouchEverything(path);

        var random = new Random(Seed);
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
                Assert.Fail($"Seed {Seed}, file {i}: {error}\n{Convert.ToBase64String(damaged)}");
            }
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < AllocationBound, $"Seed {Seed}, file {i}");
        }
        Assert.InRange(opened, Files / 50, Files * 9 / 10);
        Assert.True(refused.Count > 50, $"only {refused.Count} different refusals");
    }

    private static void OpenAndTouchEverything(string path)
    {
        using var file = SafetensorsFile.Open(path);
        foreach (var tensor in file.Tensors)
        {
            Assert.Same(tensor, file.Find(tensor.Name));
            var data = file.Data(tensor);
            // Reads each byte, which would crash if the mapping were shorter.
            _ = data.Span(0, checked((int)data.Bytes)).IndexOf((byte)0xEE);
        }
    }
}
