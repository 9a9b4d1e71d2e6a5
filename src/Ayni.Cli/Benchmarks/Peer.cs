using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Ayni.Llama;

namespace Ayni.Cli;

/// <summary>
/// llama.cpp beside us, through the npm package <c>node-llama-cpp</c> with its prebuilt libraries: a process of its own that computes what
/// it is told, one line of JSON each way, so that measurements can alternate.
/// </summary>
internal sealed class Peer : IDisposable
{
    private const string Package = "node-llama-cpp@3.22.1";

    private readonly Process _process;

    private Peer(Process process) => _process = process;

    /// <summary>What the peer says of itself and of its loading: build, seconds.</summary>
    public required JsonElement Hello { get; init; }

    /// <summary>
    /// Starts the peer on a model, to compute tokens of so many ids. Installs its package in the user's cache folder the first time.
    /// </summary>
    public static Peer Start(string model, int threads, int context, int sequences, int ids)
    {
        string[] arguments = [Path.GetFullPath(model), Text(threads), Text(context), Text(sequences), Text(ids)];
        var process = Launch("peer.mjs", arguments);
        try
        {
            return new Peer(process) { Hello = ReadLine(process) };
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            process.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Seconds from the start of a process to its first token after a prompt, and what of it Node.js took to start. The process's end is
    /// not counted.
    /// </summary>
    public static (double Seconds, double NodeSeconds) FirstToken(string model, int threads, string prompt)
    {
        var started = Stopwatch.GetTimestamp();
        using var process = Launch("peer-start.mjs", [Path.GetFullPath(model), Text(threads), prompt]);
        var line = ReadLine(process);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        process.WaitForExit();
        return (seconds, line.GetProperty("nodeSeconds").GetDouble());
    }

    /// <summary>Starts one of our scripts in the peer's folder, where its package is.</summary>
    private static Process Launch(string script, string[] arguments)
    {
        var folder = Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create), "ayni", "peers", "llama.cpp");
        Directory.CreateDirectory(folder);
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "node-llama-cpp")))
            Install(folder);
        var path = Path.Combine(folder, script);
        using (var source = Assembly.GetExecutingAssembly().GetManifestResourceStream(script)!)
        using (var target = File.Create(path))
            source.CopyTo(target);
        return Launch("node", folder, [path, .. arguments], redirects: true);
    }

    /// <summary>Seconds to compute a prompt of some tokens.</summary>
    public double Prefill(int tokens) => Ask($"{{\"prefill\":{Text(tokens)}}}");

    /// <summary>Seconds to compute some tokens one after another, for each of some sequences together, after texts of some depth.</summary>
    public double Decode(int sequences, int tokens, int depth) =>
        Ask($"{{\"decode\":{Text(tokens)},\"sequences\":{Text(sequences)},\"depth\":{Text(depth)}}}");

    /// <summary>Seconds to serve clients of <see cref="ClientsMeter"/>, so many sequences at a time.</summary>
    public double Serve(int clients, int sequences) => Ask(
        $"{{\"clients\":[{string.Join(',', ClientsMeter.OwnTokens(clients).Select(Text))}],\"system\":{Text(ClientsMeter.SystemTokens)},"
        + $"\"answer\":{Text(ClientsMeter.AnswerTokens)},\"sequences\":{Text(sequences)}}}");

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(5000))
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private double Ask(string line)
    {
        try
        {
            _process.StandardInput.WriteLine(line);
            _process.StandardInput.Flush();
        }
        catch (IOException)
        {
            // It ended; what is said of that is below.
        }
        return ReadLine(_process).GetProperty("seconds").GetDouble();
    }

    private static void Install(string folder)
    {
        Console.Error.WriteLine($"ayni: installing {Package} for comparison in {folder} …");
        using var npm = Launch("npm", folder, ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder, Package], redirects: false);
        npm.WaitForExit();
        if (npm.ExitCode != 0)
            throw new UsageException($"npm could not install {Package} in {folder}; without it there is no peer to compare with.");
    }

    private static Process Launch(string program, string folder, string[] arguments, bool redirects)
    {
        var start = new ProcessStartInfo(program) { WorkingDirectory = folder, RedirectStandardInput = redirects, RedirectStandardOutput = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new UsageException($"The comparison with llama.cpp needs Node.js; there is no program {program} here.");
        }
    }

    private static JsonElement ReadLine(Process process)
    {
        while (process.StandardOutput.ReadLine() is { } line)
        {
            // Its libraries may write other things.
            if (!line.StartsWith('{'))
                continue;
            using var document = JsonDocument.Parse(line);
            return document.RootElement.Clone();
        }
        throw new UsageException("The peer ended; llama.cpp could not load or compute this model.");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
