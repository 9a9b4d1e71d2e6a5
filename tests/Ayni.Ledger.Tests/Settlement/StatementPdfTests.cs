using System.Diagnostics;

namespace Ayni.Ledger.Tests;

/// <summary>Statements as a browser prints them.</summary>
public sealed class StatementPdfTests
{
    [ChromiumFact]
    public async Task What_finance_needs_is_on_the_printed_page_in_every_language()
    {
        var folder = Directory.CreateTempSubdirectory("ayni-print-");
        try
        {
            foreach (var language in StatementLanguage.All)
            {
                var page = Path.Combine(folder.FullName, $"{language.Code}.html");
                var print = Path.Combine(folder.FullName, $"{language.Code}.pdf");
                await File.WriteAllTextAsync(page, StatementHtmlTests.Sampled("Hostess").ToHtml(language));
                await RunAsync(
                    ChromiumFactAttribute.Browser!, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-pdf-header-footer",
                    $"--user-data-dir={Path.Combine(folder.FullName, "profile")}", $"--print-to-pdf={print}", new Uri(page).AbsoluteUri);
                var text = await RunAsync(ChromiumFactAttribute.Reader!, "-layout", print, "-");
                string[] needed =
                [
                    "Hostess", "pty_1", "2026-11", "2026-11-01", "2026-11/pty_1", "Hostess SA", "ES-1", "llama", "tender", "PE", "1234.5678", "12.50",
                    "royalty", "20% × 1000.00", "-1000.00", "123.45", "617.28", "0.0049", "EUR",
                ];
                Assert.All(needed, field => Assert.Contains(field, text, StringComparison.Ordinal));
                // Letters that are joined are other characters in print; those of Latin are themselves.
                if (!language.IsRightToLeft)
                    Assert.All(language.Words.Steps, step => Assert.Contains(step.Split(' ')[0], text, StringComparison.Ordinal));
            }
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

    /// <summary>A test that needs Chromium and poppler's pdftotext.</summary>
    private sealed class ChromiumFactAttribute : Xunit.FactAttribute
    {
        public ChromiumFactAttribute() => Skip = Browser is null || Reader is null ? "There is no Chromium or no pdftotext to print and read with." : null;

        public static string? Browser { get; } = Find("chromium") ?? Find("chromium-browser") ?? Find("google-chrome");

        public static string? Reader { get; } = Find("pdftotext");

        private static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
    }
}
