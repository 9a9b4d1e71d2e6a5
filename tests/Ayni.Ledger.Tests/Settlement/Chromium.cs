using System.Diagnostics;

namespace Ayni.Ledger.Tests;

/// <summary>Prints pages to PDF with Chromium, and reads them with poppler's pdftotext.</summary>
internal static class Chromium
{
    public static string? Browser { get; } = Find("chromium") ?? Find("chromium-browser") ?? Find("google-chrome");

    public static string? Reader { get; } = Find("pdftotext");

    /// <summary>The text of a page as it is printed.</summary>
    public static async Task<string> PrintAsync(string html)
    {
        var folder = Directory.CreateTempSubdirectory("ayni-print-");
        try
        {
            var (page, print) = (Path.Combine(folder.FullName, "page.html"), Path.Combine(folder.FullName, "page.pdf"));
            await File.WriteAllTextAsync(page, html);
            await RunAsync(
                Browser!, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-pdf-header-footer",
                $"--user-data-dir={Path.Combine(folder.FullName, "profile")}", $"--print-to-pdf={print}", new Uri(page).AbsoluteUri);
            return await RunAsync(Reader!, "-layout", print, "-");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program}: {await errors}");
        return await output;
    }

    private static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}

/// <summary>A test that needs Chromium and poppler's pdftotext.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ChromiumFactAttribute : Xunit.FactAttribute
{
    public ChromiumFactAttribute() => Skip = Chromium.Browser is null || Chromium.Reader is null
        ? "There is no Chromium or no pdftotext to print and read with."
        : null;
}
