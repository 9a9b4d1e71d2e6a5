using System.Globalization;

namespace Ayni.Ledger.Tests;

/// <summary>
/// A life in a SQLite file, on machines that crash and lose or tear what was not flushed; each crash begins another file. The same seed
/// gives the same life.
/// </summary>
internal sealed class SqliteSimulation(int seed) : LedgerSimulation(seed)
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ayni-simulation-").FullName;
    private CrashImages _images = null!;
    private int _lives;

    protected override string Address => Path.Combine(_folder, _lives.ToString(CultureInfo.InvariantCulture), "ledger.db");

    protected override string Command { get; } = $"bench/run simulate --seed {seed} --operations 1";

    /// <summary>Lives one life of at least so many operations. Throws <see cref="SimulationFailure"/>.</summary>
    public static async Task<SimulationCounts> RunAsync(int seed, int operations, CancellationToken cancellationToken = default)
    {
        await using var simulation = new SqliteSimulation(seed);
        return await simulation.RunAsync(operations, cancellationToken).ConfigureAwait(false);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync().ConfigureAwait(false);
        Directory.Delete(_folder, recursive: true);
    }

    protected override void Note() => _images.Note();

    protected override void Open()
    {
        base.Open();
        _images = new(Address);
    }

    /// <summary>
    /// Every image the files may be left in must open and hold what was answered before; life goes on from one of them.
    /// </summary>
    protected override async Task CrashAsync()
    {
        var everyWrite = Random.Next(8) == 0;
        await PostAsync(1).ConfigureAwait(false);
        Note();
        var usages = await TakeAsync(Random.Next(1, 30)).ConfigureAwait(false);
        await PostTogetherAsync(usages).ConfigureAwait(false);
        if (Random.Next(2) == 0)
            await ActUnheardAsync().ConfigureAwait(false);

        if (Random.Next(3) == 0)
        {
            // The log is copied into the file, which happens by itself only after many writes.
            using var session = Database.At(Address).OpenWriter();
            session.Control("PRAGMA wal_checkpoint(PASSIVE)");
        }

        // As much chance as there is to decide, which the life does not follow.
        var chance = new Random(Random.Next());
        var images = everyWrite ? _images.AtEveryWrite(chance).ToArray() : [_images.AtRandom(chance)];
        await Books.DisposeAsync().ConfigureAwait(false);
        foreach (var image in images)
        {
            _lives++;
            CrashImages.Write(image, Path.GetDirectoryName(Address)!);
            Open();
            Counts = Counts with { Crashes = Counts.Crashes + 1 };
            Check();
            if (image != images[^1])
                await Books.DisposeAsync().ConfigureAwait(false);
        }
        foreach (var folder in Directory.GetDirectories(_folder).Where(folder => folder != Path.GetDirectoryName(Address)))
            Directory.Delete(folder, recursive: true);
        Unknown.AddRange(usages.DistinctBy(usage => usage.RequestId));
        await BeginHostAfterCrashAsync().ConfigureAwait(false);
    }
}
