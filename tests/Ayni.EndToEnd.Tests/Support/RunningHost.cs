using Ayni.Tests;

namespace Ayni.EndToEnd.Tests;

/// <summary>One host on a fresh data folder that the tests of a class share.</summary>
public sealed class RunningHost : IAsyncLifetime, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    internal HostProcess Process { get; private set; } = null!;

    internal string Data => _folder.PathOf("data");

    internal string ModelPath { get; private set; } = "";

    public async Task InitializeAsync()
    {
        ModelPath = _folder.Write(new TinyModel());
        Process = await HostProcess.StartAsync(ModelPath, Data);
    }

    /// <summary>Ends the host; the folder goes after it.</summary>
    public async Task DisposeAsync() => await Process.DisposeAsync();

    public void Dispose() => _folder.Dispose();
}
