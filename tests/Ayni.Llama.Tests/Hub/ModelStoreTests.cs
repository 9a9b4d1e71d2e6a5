using Ayni.Tests;

namespace Ayni.Llama.Tests;

public sealed class ModelStoreTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private FakeHub _hub = null!;

    private ModelStore Store => new(_folder.PathOf("models"));

    public async Task InitializeAsync() => _hub = await FakeHub.StartAsync();

    public async Task DisposeAsync() => await _hub.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Models_are_listed_found_and_removed_one_by_one()
    {
        _hub.PageSize = 2;
        _hub.Add("a-Q8_0.gguf", 100);
        _hub.Add("b-BF16-00001-of-00002.gguf", 100, seed: 2);
        _hub.Add("b-BF16-00002-of-00002.gguf", 50, seed: 3);
        _hub.Add("config.json", "{}");
        _hub.Add("model.safetensors", 70, seed: 4);
        Assert.Empty(Store.List());
        foreach (var selector in (string[])["Q8_0", "BF16", "safetensors"])
            await PullAsync(selector);

        Assert.Equal(["Q8_0:100", "BF16:150", "safetensors:72"], Store.List().Select(model => $"{model.Reference.Selector}:{model.Bytes}"));
        Assert.Equal(3, Store.Find(Reference(null)).Count);
        Assert.EndsWith("b-BF16-00001-of-00002.gguf", Find("bf16").Path, StringComparison.Ordinal);
        Assert.Equal(Find("BF16").Path, Find("b-BF16-00002-of-00002.gguf").Path);
        Assert.True(Directory.Exists(Find("safetensors").Path));
        Assert.Empty(Store.Find(Reference("Q4_0")));

        Store.Remove(Find("BF16"));
        Assert.Equal(["Q8_0", "safetensors"], Store.List().Select(model => model.Reference.Selector));
        Store.Remove(Find("safetensors"));
        Assert.Equal(100, Assert.Single(Store.List()).Bytes);
        Store.Remove(Find("Q8_0"));
        Assert.Empty(Directory.GetFileSystemEntries(Store.Folder));
    }

    [Fact]
    public async Task A_quantization_of_two_files_is_no_name()
    {
        _hub.Add("a-Q8_0.gguf", 100);
        _hub.Add("b-Q8_0.gguf", 100, seed: 2);
        await PullAsync("a-Q8_0.gguf");
        Assert.Equal("Q8_0", Assert.Single(Store.List()).Reference.Selector);
        await PullAsync("b-Q8_0.gguf");
        Assert.Equal(["a-Q8_0.gguf", "b-Q8_0.gguf"], Store.List().Select(model => model.Reference.Selector));
    }

    [Fact]
    public async Task Unfinished_downloads_can_be_removed()
    {
        _hub.Files["a-Q8_0.gguf"] = new FakeFile(new byte[1000], IsLarge: true);
        _hub.OnContent = (_, context) =>
        {
            context.Response.StatusCode = 400;
            return true;
        };
        await Assert.ThrowsAsync<HubException>(() => PullAsync("Q8_0"));
        Assert.Equal(1000, Store.RemoveUnfinished(Reference(null)));
        Assert.Equal(0, Store.RemoveUnfinished(Reference(null)));
        Assert.Empty(Directory.GetFileSystemEntries(Store.Folder));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{\"files\":null}")]
    [InlineData("{\"files\":[null]}")]
    [InlineData("{\"files\":[{\"bytes\":1,\"digest\":\"\",\"commit\":\"\",\"pulled\":\"2026-01-01T00:00:00Z\"}]}")]
    [InlineData("{\"files\":[{\"path\":\"a\",\"bytes\":9223372036854775807,\"digest\":\"\",\"commit\":\"\",\"pulled\":\"2026-01-01T00:00:00Z\"}]}")]
    [InlineData("{\"files\":[{\"path\":\"../../../x\",\"bytes\":1,\"digest\":\"\",\"commit\":\"\",\"pulled\":\"2026-01-01T00:00:00Z\"}]}")]
    public async Task A_record_that_was_tampered_with_is_refused(string record)
    {
        _hub.Add("a-Q8_0.gguf", 100);
        var model = await PullAsync("Q8_0");
        await File.WriteAllTextAsync(Path.Combine(Path.GetDirectoryName(model.Path)!, "ayni-pulled.json"), record);
        Assert.Throws<ModelFormatException>(() => Store.List());
    }

    [Fact]
    public async Task A_damaged_record_is_read_or_refused_and_nothing_else()
    {
        const int Seed = 20270120, Files = 3_000;
        foreach (var name in (string[])["a-Q8_0.gguf", "b-BF16-00001-of-00001.gguf"])
            _hub.Add(name, 100);
        await PullAsync("Q8_0");
        await PullAsync("BF16");
        var path = Path.Combine(Path.GetDirectoryName(Find("Q8_0").Path)!, "ayni-pulled.json");
        var valid = await File.ReadAllBytesAsync(path);
        var random = new Random(Seed);
        var (read, refused) = (0, 0);
        for (var i = 0; i < Files; i++)
        {
            var damaged = Mutation.Damage(valid, random);
            await File.WriteAllBytesAsync(path, damaged);
            try
            {
                Assert.All(Store.List(), model => Assert.All(model.Files, file => Assert.StartsWith(Store.Folder, Path.GetFullPath(file), StringComparison.Ordinal)));
                read++;
            }
            catch (ModelFormatException error)
            {
                Assert.Equal(path, error.Path);
                refused++;
            }
            catch (Exception error)
            {
                Assert.Fail($"Seed {Seed}, file {i}: {error}\n{Convert.ToBase64String(damaged)}");
            }
        }
        Assert.InRange(read, Files / 50, Files * 9 / 10);
        Assert.InRange(refused, Files / 10, Files);
    }

    private static HubReference Reference(string? selector) => new("ada", "Tiny-GGUF", selector);

    private StoredModel Find(string selector) => Assert.Single(Store.Find(Reference(selector)));

    private async Task<StoredModel> PullAsync(string selector)
    {
        using var client = new HubClient(new HubOptions { Hub = _hub.Address }, TimeProvider.System);
        return await new HubPuller(client, Store, TimeProvider.System).PullAsync(Reference(selector));
    }
}
