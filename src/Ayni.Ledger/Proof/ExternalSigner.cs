using System.Diagnostics;
using System.Text;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Ayni.Ledger;

/// <summary>An external signer that can't be run, takes too long, or answers something else than it is asked for.</summary>
public sealed class SignerException(string message, Exception? innerException = null) : LedgerException(message, innerException);

/// <summary>
/// A key that stays where it is, such as a card or a machine of its own, and signs by a command. The command runs in the system's shell
/// with one more word, and answers in base64 on standard output within ten seconds and with exit code 0:
/// <code>
/// COMMAND public-key     the 32 bytes of the Ed25519 public key (RFC 8032)
/// COMMAND sign           the 64 bytes of the signature over what it reads on standard input until its end
/// </code>
/// What it answers is verified. Each signature is a process of its own. Thread-safe.
/// </summary>
internal sealed class ExternalSigner(string command, TimeSpan? patience = null)
{
    /// <summary>Characters of the longest command, and of the longest answer or complaint that is read.</summary>
    public const int LongestCommand = 1000, MostAnswer = 4096;

    private readonly TimeSpan _patience = patience ?? TimeSpan.FromSeconds(10);

    public string Command => command;

    public byte[] ReadPublicKey() => Ask("public-key", [], Ed25519.PublicKeySize);

    public byte[] Sign(byte[] message) => Ask("sign", message, Ed25519.SignatureSize);

    private byte[] Ask(string word, byte[] message, int length)
    {
        using var process = Start(word);
        using var limit = new CancellationTokenSource(_patience);
        try
        {
            var answer = ReadAsync(process.StandardOutput, limit.Token);
            var complaint = ReadAsync(process.StandardError, limit.Token);
            // One that answers without reading all of it has closed the pipe.
            var writing = WriteAsync(process.StandardInput.BaseStream, message, limit.Token);
            Task.WhenAll(answer, complaint, writing, process.WaitForExitAsync(limit.Token)).GetAwaiter().GetResult();
            if (process.ExitCode != 0)
                throw new SignerException($"The signer '{command}' ended with exit code {process.ExitCode}: {complaint.Result.Trim().Split('\n')[0]}");
            var bytes = new byte[MostAnswer];
            return Convert.TryFromBase64String(answer.Result.Trim(), bytes, out var count) && count == length
                ? bytes[..length]
                : throw new SignerException($"The signer '{command}' answers to '{word}' what is not {length} bytes in base64.");
        }
        catch (OperationCanceledException)
        {
            throw new SignerException($"The signer '{command}' took more than {_patience.TotalSeconds:0} s.");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private Process Start(string word)
    {
        var start = OperatingSystem.IsWindows()
            ? new ProcessStartInfo("cmd.exe", ["/d", "/c", $"{command} {word}"])
            : new ProcessStartInfo("/bin/sh", ["-c", $"{command} {word}"]);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        try
        {
            return Process.Start(start)!;
        }
        catch (Exception error) when (error is System.ComponentModel.Win32Exception or IOException)
        {
            throw new SignerException($"The signer '{command}' can't be run ({error.Message}).", error);
        }
    }

    private static async Task WriteAsync(Stream stream, byte[] message, CancellationToken cancellationToken)
    {
        try
        {
            await using (stream.ConfigureAwait(false))
                await stream.WriteAsync(message, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
        }
    }

    /// <summary>Reads to the end, and keeps the beginning.</summary>
    private static async Task<string> ReadAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        var buffer = new char[MostAnswer];
        while (await reader.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is var count and > 0)
            text.Append(buffer, 0, Math.Min(count, MostAnswer - text.Length));
        return text.ToString();
    }
}
