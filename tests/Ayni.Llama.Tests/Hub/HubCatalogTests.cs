using System.Text;
using Ayni.Tests;
using Microsoft.AspNetCore.Http;

namespace Ayni.Llama.Tests;

/// <summary>What a hub says of a repository, however damaged: it is read or refused, and nothing of it is trusted.</summary>
public sealed class HubCatalogTests : IAsyncLifetime
{
    private static readonly byte[] Model = Encoding.UTF8.GetBytes(
        $$$"""{"id":"ada/Tiny-GGUF","sha":"{{{new string('a', 40)}}}","gated":false,"cardData":{"license":"other","license_name":"llama3.2"}}""");

    private static readonly byte[] Tree = Encoding.UTF8.GetBytes(
        $$$"""
        [{"type":"directory","path":"folder","oid":"{{{new string('c', 40)}}}","size":0},
         {"type":"file","path":"config.json","size":2,"oid":"{{{new string('b', 40)}}}"},
         {"type":"file","path":"folder/\u0061-Q8_0.gguf","\u0073ize":99,"lfs":{"oid":"{{{new string('e', 64)}}}","size":99}}]
        """);

    private static readonly byte[] Link = "</api/models/ada/Tiny-GGUF/tree/next?cursor=1>; rel=\"next\""u8.ToArray();

    private FakeHub _hub = null!;

    public async Task InitializeAsync() => _hub = await FakeHub.StartAsync();

    public async Task DisposeAsync() => await _hub.DisposeAsync();

    [Fact]
    public async Task Damaged_answers_are_read_or_refused_and_nothing_else()
    {
        const int Seed = 20270121, Answers = 1_000;
        var random = new Random(Seed);
        var (model, tree, link) = (Model, Tree, Link);
        Answer(() => model, () => tree, () => link);
        using var client = Client();
        var (read, refused) = (0, new HashSet<string>());
        for (var i = 0; i < Answers; i++)
        {
            (model, tree, link) = (Model, Tree, Link);
            switch (random.Next(4))
            {
                case 0:
                    model = Mutation.Damage(Model, random);
                    break;
                case 1:
                    link = Mutation.Damage(Link, random);
                    break;
                default:
                    tree = Mutation.Damage(Tree, random);
                    break;
            }
            try
            {
                var repository = await client.ReadRepositoryAsync(new HubReference("ada", "Tiny-GGUF"));
                Assert.All(repository.Files, file => Assert.Null(HubFile.FindPathProblem(file.Path)));
                Assert.DoesNotContain(repository.License ?? "", char.IsControl);
                read++;
            }
            catch (HubException error)
            {
                Assert.Equal(HubFailure.Invalid, error.Failure);
                refused.Add(error.Message);
            }
            catch (Exception error)
            {
                Assert.Fail($"Seed {Seed}, answer {i}: {error}\n{Convert.ToBase64String(model)}\n{Convert.ToBase64String(tree)}\n{Convert.ToBase64String(link)}");
            }
        }
        Assert.InRange(read, Answers / 10, Answers * 9 / 10);
        Assert.True(refused.Count > 8, $"only {refused.Count} different refusals");
    }

    [Theory]
    [InlineData("""[{"type":"file","\ud800":1,"lfs\ud800":1,"path":"a"}]""", null)]
    [InlineData("""[{"\ud800\ud800":1,"type":"file","path":"a","size":1}]""", "digest of 'a'")]
    [InlineData("""[{"type":"file","path":"a\ud800","size":1}]""", "a file without a path")]
    [InlineData("""[{"type":"file","path":"a","size":1e400}]""", "how long 'a' is")]
    [InlineData("""[1,null,[],"a",{}]""", null)]
    public async Task Answers_that_are_hardly_text_are_refused(string tree, string? words)
    {
        Answer(() => Model, () => Encoding.UTF8.GetBytes(tree), () => []);
        using var client = Client();
        if (words is null)
        {
            Assert.Empty((await client.ReadRepositoryAsync(new HubReference("ada", "Tiny-GGUF"))).Files);
            return;
        }
        var error = await Assert.ThrowsAsync<HubException>(() => client.ReadRepositoryAsync(new HubReference("ada", "Tiny-GGUF")));
        Assert.Equal(HubFailure.Invalid, error.Failure);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_licence_that_a_terminal_might_obey_is_not_shown()
    {
        Answer(() => Encoding.UTF8.GetBytes($$$"""{"sha":"{{{new string('a', 40)}}}","cardData":{"license":"mit\u001b[2J"}}"""), () => "[]"u8.ToArray(), () => []);
        using var client = Client();
        Assert.Null((await client.ReadRepositoryAsync(new HubReference("ada", "Tiny-GGUF"))).License);
    }

    private HubClient Client() => new(new HubOptions { Hub = _hub.Address, Attempts = 1 }, TimeProvider.System);

    /// <summary>Answers in the hub's place; the list of files has a link to a further page on its first one.</summary>
    private void Answer(Func<byte[]> model, Func<byte[]> tree, Func<byte[]> link) => _hub.OnApi = (_, context) =>
    {
        var isTree = context.Request.Path.Value!.Contains("/tree/", StringComparison.Ordinal);
        var isFirst = isTree && !context.Request.QueryString.Value!.Contains("cursor", StringComparison.Ordinal);
        // A server can't send other characters in a header.
        var header = new string([.. Encoding.Latin1.GetString(link()).Where(character => character is >= ' ' and <= '~')]);
        if (isFirst && header.Length > 0)
            context.Response.Headers.Link = header;
        var body = isTree ? isFirst ? tree() : "[]"u8.ToArray() : model();
        context.Response.ContentLength = body.Length;
        context.Response.Body.WriteAsync(body).AsTask().GetAwaiter().GetResult();
        return true;
    };
}
