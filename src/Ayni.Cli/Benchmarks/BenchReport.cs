using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Ayni.Kernels;
using Ayni.Llama;
using Spectre.Console;

namespace Ayni.Cli;

/// <summary>Tokens a second of one measurement, ours and the peer's, run by run.</summary>
/// <param name="Name">Such as <c>prefill512</c>.</param>
/// <param name="Ours">Ours; at least one.</param>
/// <param name="Theirs">The peer's; empty where there is none.</param>
/// <param name="Most">What the machine allowed at most just before each of our runs.</param>
internal sealed record BenchFigure(string Name, double[] Ours, double[] Theirs, double[] Most)
{
    public double Median => MedianOf(Ours);

    public double? PeerMedian => Theirs.Length == 0 ? null : MedianOf(Theirs);

    public double? Ratio => Median / PeerMedian;

    /// <summary>What the machine allowed, the median of the runs.</summary>
    public double Limit => MedianOf(Most);

    /// <summary>The share of what the machine allows: the median of the runs' shares.</summary>
    public double OfLimit => MedianOf([.. Ours.Zip(Most, (ours, most) => ours / most)]);

    /// <summary>How far the runs lie apart, as a share of the median.</summary>
    public double Spread => (Ours.Max() - Ours.Min()) / Median;

    public static double MedianOf(double[] values) => values.Order().ElementAt(values.Length / 2);
}

/// <summary>Tokens a second of a text that repeats its prompt, run by run.</summary>
/// <param name="Name">The text's name.</param>
/// <param name="Text">The text.</param>
/// <param name="Plain">Token by token; at least one run.</param>
/// <param name="Guessing">With what repeats guessed.</param>
internal sealed record ForcedFigure(string Name, ForcedOutput Text, double[] Plain, double[] Guessing)
{
    public double Speedup => BenchFigure.MedianOf(Guessing) / BenchFigure.MedianOf(Plain);
}

/// <summary>Seconds to serve clients whose prompts begin alike.</summary>
/// <param name="Clients">How many.</param>
/// <param name="MeasuredAlone">Of those served one after another, so many were measured; the others count as their mean.</param>
/// <param name="Together">All at once.</param>
/// <param name="AloneWithoutCache">One after another, each computing its whole prompt.</param>
/// <param name="AloneWithCache">One after another, finding in the cache what prompts have in common.</param>
/// <param name="Peer">The peer, <see cref="PeerSequences"/> at a time; null where there is none.</param>
internal sealed record ClientsFigure(
    int Clients, int MeasuredAlone, double Together, double AloneWithoutCache, double AloneWithCache, double? Peer)
{
    public const int PeerSequences = 16;

    public const int MostAlone = 9;

    public double? PeerRatio => Peer / Together;
}

/// <summary>All figures of a run with what they are measured against.</summary>
internal sealed class BenchReport(LlamaModel model, string path, double loadSeconds, CacheType cacheType)
{
    public required int Threads { get; init; }

    private readonly long _loadingPeak = Process.GetCurrentProcess().PeakWorkingSet64;
    private readonly List<double> _readBandwidths = [];
    private readonly List<(string Instruction, double PerSecond)> _peaks = [];

    public JsonElement? Peer { get; set; }

    private string CacheTypeName { get; } = cacheType.ToString().ToLowerInvariant();

    public FirstTokenFigure? FirstToken { get; set; }

    public ClientsFigure? Clients { get; set; }

    public List<BenchFigure> Figures { get; } = [];

    public List<ForcedFigure> Forced { get; } = [];

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("model", Path.GetFileName(path));
        writer.WriteString("processor", Processor());
        writer.WriteString("instructions", MachineLimits.Instructions);
        writer.WriteString("system", RuntimeInformation.OSDescription);
        writer.WriteNumber("threads", Threads);
        writer.WriteString("kernels", model.KernelDescription);
        writer.WriteString("cache_type", CacheTypeName);
        if (ReadBandwidth is { } bandwidth)
            writer.WriteNumber("read_bytes_per_second", Math.Round(bandwidth));
        if (Peak is { } peak)
        {
            writer.WriteString("instruction", peak.Instruction);
            writer.WriteNumber("multiply_accumulates_per_second", Math.Round(peak.PerSecond));
        }
        writer.WriteNumber("load_seconds", Math.Round(loadSeconds, 3));
        writer.WriteNumber("packed_bytes", model.PackedBytes);
        if (PackingSpeed is { } speed)
            writer.WriteNumber("packed_bytes_per_second", Math.Round(speed));
        writer.WriteNumber("peak_memory_bytes", PeakMemory);
        if (Peer is { } peer)
        {
            writer.WritePropertyName("peer");
            peer.WriteTo(writer);
        }
        if (FirstToken is { } first)
        {
            writer.WriteStartObject("first_token");
            writer.WriteNumber("seconds", Math.Round(first.Median, 3));
            if (first is { PeerMedian: { } theirs, PeerNodeMedian: { } node })
            {
                writer.WriteNumber("peer_seconds", Math.Round(theirs, 3));
                writer.WriteNumber("peer_node_seconds", Math.Round(node, 3));
            }
            writer.WriteEndObject();
        }
        writer.WriteStartObject("figures");
        foreach (var figure in Figures)
        {
            writer.WriteStartObject(figure.Name);
            writer.WriteNumber("tokens_per_second", Math.Round(figure.Median, 2));
            writer.WriteNumber("spread", Math.Round(figure.Spread, 3));
            writer.WriteNumber("limit_tokens_per_second", Math.Round(figure.Limit, 2));
            writer.WriteNumber("of_limit", Math.Round(figure.OfLimit, 3));
            if (figure.PeerMedian is { } theirs)
                writer.WriteNumber("peer_tokens_per_second", Math.Round(theirs, 2));
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
        if (Clients is { } clients)
        {
            writer.WriteStartObject("clients");
            writer.WriteNumber("clients", clients.Clients);
            writer.WriteNumber("seconds", Math.Round(clients.Together, 2));
            writer.WriteNumber("one_after_another_measured", clients.MeasuredAlone);
            writer.WriteNumber("one_after_another_seconds", Math.Round(clients.AloneWithoutCache, 2));
            writer.WriteNumber("one_after_another_cached_seconds", Math.Round(clients.AloneWithCache, 2));
            if (clients.Peer is { } peerSeconds)
                writer.WriteNumber("peer_seconds", Math.Round(peerSeconds, 2));
            writer.WriteEndObject();
        }
        writer.WriteStartObject("forced_outputs");
        foreach (var figure in Forced)
        {
            writer.WriteStartObject(figure.Name);
            writer.WriteNumber("prompt_tokens", figure.Text.Prompt.Length);
            writer.WriteNumber("output_tokens", figure.Text.Output.Length);
            writer.WriteNumber("copied_share", Math.Round(figure.Text.CopiedShare(), 3));
            writer.WriteNumber("plain_tokens_per_second", Math.Round(BenchFigure.MedianOf(figure.Plain), 2));
            writer.WriteNumber("tokens_per_second", Math.Round(BenchFigure.MedianOf(figure.Guessing), 2));
            writer.WriteNumber("speedup", Math.Round(figure.Speedup, 3));
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
        writer.WriteStartObject("ratios");
        if (FirstToken?.Ratio is { } firstRatio)
            writer.WriteNumber("first_token_time", Math.Round(firstRatio, 3));
        if (Clients?.PeerRatio is { } clientsRatio)
            writer.WriteNumber($"clients{Clients.Clients}", Math.Round(clientsRatio, 3));
        foreach (var figure in Figures)
        {
            if (figure.Ratio is { } ratio)
                writer.WriteNumber(figure.Name, Math.Round(ratio, 3));
        }
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    public void WriteTable()
    {
        AnsiConsole.WriteLine($"{Path.GetFileName(path)} on {Processor()}, {Threads} threads, {model.KernelDescription}, {CacheTypeName} cache");
        AnsiConsole.WriteLine(MachineLimits.Instructions);
        AnsiConsole.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{(ReadBandwidth is { } bandwidth ? $"memory {bandwidth / 1e9:F1} GB/s, " : "")}{(Peak is { } peak ? $"{peak.Instruction} {peak.PerSecond / 1e9:F0} GMAC/s, " : "")}loaded in {loadSeconds:F2} s, {model.PackedBytes / 1e6:F0} MB {(PackingSpeed is { } speed ? $"packed at {speed / 1e9:F1} GB/s" : "mapped as packed before")}, peak memory {PeakMemory / 1e6:F0} MB"));
        if (FirstToken is { } first)
        {
            var peer = first.PeerMedian is { } theirs
                ? $"; llama.cpp {Number(theirs)} s, Node.js's {Number(first.PeerNodeMedian!.Value)} s included: {Number(first.Ratio!.Value)} of its time"
                : "";
            AnsiConsole.WriteLine($"first token {Number(first.Median)} s from the process's start, after a prompt of {Cli.FirstToken.PromptTokens}{peer}");
        }
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumns("", "tokens/s", "spread", "the limit", "of it", "llama.cpp", "ratio");
        foreach (var figure in Figures)
        {
            table.AddRow(
                figure.Name, Number(figure.Median), Share(figure.Spread), Number(figure.Limit), Share(figure.OfLimit),
                figure.PeerMedian is { } theirs ? Number(theirs) : "", figure.Ratio is { } ratio ? Number(ratio) : "");
        }
        AnsiConsole.Write(table);
        if (Clients is { } clients)
        {
            AnsiConsole.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{clients.Clients} clients in {clients.Together:F1} s; one after another, by {clients.MeasuredAlone} of them, ")
                + Times(clients.AloneWithoutCache, clients) + ", with the prefix cache " + Times(clients.AloneWithCache, clients));
            if (clients.Peer is { } peerSeconds)
                AnsiConsole.WriteLine($"llama.cpp, {ClientsFigure.PeerSequences} at a time: {Times(peerSeconds, clients)}");
        }
        foreach (var figure in Forced)
        {
            AnsiConsole.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{figure.Name}: {figure.Text.CopiedShare():P0} of {figure.Text.Output.Length} tokens copied; {BenchFigure.MedianOf(figure.Plain):F2} tokens/s plainly, {BenchFigure.MedianOf(figure.Guessing):F2} with guesses, {figure.Speedup:F2} times"));
        }

        static string Times(double seconds, ClientsFigure clients) =>
            string.Create(CultureInfo.InvariantCulture, $"{seconds:F1} s ({seconds / clients.Together:F2} times)");
        static string Number(double value) => value.ToString("F2", CultureInfo.InvariantCulture);
        static string Share(double value) => value.ToString("P0", CultureInfo.InvariantCulture);
    }

    /// <summary>Bytes packed a second; null where a file packed before was mapped.</summary>
    private double? PackingSpeed => model.PackingTime > TimeSpan.Zero ? model.PackedBytes / model.PackingTime.TotalSeconds : null;

    /// <summary>The median of what was measured; null where nothing was that it bounds.</summary>
    private double? ReadBandwidth => _readBandwidths.Count == 0 ? null : BenchFigure.MedianOf([.. _readBandwidths]);

    private (string Instruction, double PerSecond)? Peak =>
        _peaks.Count == 0 ? null : _peaks.OrderBy(peak => peak.PerSecond).ElementAt(_peaks.Count / 2);

    /// <summary>
    /// The most memory that was in use once the model was loaded, but for what bandwidth is measured by; or while it was loaded.
    /// </summary>
    private long PeakMemory => Math.Max(_loadingPeak, Process.GetCurrentProcess().PeakWorkingSet64 - MachineLimits.ReadBytes);

    /// <summary>Measures how fast arithmetic is now. Returns how often it allows so many multiply-accumulates a second.</summary>
    public double AddPeak(MachineLimits limits, long products)
    {
        var peak = limits.PeakMultiplyAccumulates(model.ProjectionType);
        _peaks.Add(peak);
        return peak.PerSecond / products;
    }

    /// <summary>Measures how fast memory is now. Returns how often it allows so many bytes to be read a second.</summary>
    public double AddReadBandwidth(MachineLimits limits, long bytes)
    {
        var bandwidth = limits.ReadBandwidth();
        _readBandwidths.Add(bandwidth);
        return bandwidth / bytes;
    }

    private static string Processor()
    {
        const string Linux = "/proc/cpuinfo";
        var line = File.Exists(Linux) ? File.ReadLines(Linux).FirstOrDefault(text => text.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()
            ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
