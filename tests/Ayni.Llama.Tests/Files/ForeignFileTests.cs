using System.Text;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>Somebody gives another file than a GGUF one: the message says what it is and what to do.</summary>
public sealed class ForeignFileTests
{
    private static readonly byte[] SafetensorsHead = [0x60, 0x12, 0, 0, 0, 0, 0, 0, .. "{\"__metadata__\":{}}"u8];

    public static TheoryData<byte[], string> Files => new()
    {
        { [0x50, 0x4B, 3, 4, 0, 0, 8, 8, 0, 0], "zip archive, probably a PyTorch checkpoint" },
        { [0x80, 2, 0x8A, 0x0A, 0x6C], "Python pickle" },
        { SafetensorsHead, "safetensors file" },
        { Encoding.UTF8.GetBytes("<!DOCTYPE html><html lang=\"ar\"><body>تسجيل الدخول</body></html>"), "web page" },
        { Encoding.UTF8.GetBytes("\uFEFF\r\n  <html>"), "web page" },
        { Encoding.UTF8.GetBytes("{\"error\":\"Invalid credentials\"}"), "JSON file" },
        { Encoding.UTF8.GetBytes("version https://git-lfs.github.com/spec/v1\noid sha256:00\n"), "git lfs pull" },
        { Encoding.UTF8.GetBytes("Entry not found"), "a text file" },
        { Encoding.UTF8.GetBytes("tjgg\u0003\0\0\0"), "GGML of 2023" },
        { Encoding.UTF8.GetBytes("FUGG\0\0\0\u0003"), "big-endian" },
        { [0x1F, 0x8B, 8, 0, 0], "gzip" },
        { [0xDE, 0xAD, 0xBE, 0xEF, 0], "starts with DEADBEEF instead of 47475546" },
        { new byte[64], "starts with 00000000" },
        { [0x47, 0x47, 0x55], "only 3 bytes" },
        { [0x0A], "only 1 bytes" },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void Another_kind_of_file_is_recognized(byte[] bytes, string words)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("model.gguf", bytes);
        var error = Assert.Throws<ModelFormatException>(() => GgufFile.Open(path));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.StartsWith($"{path}: magic at byte 0: not a GGUF file", error.Message, StringComparison.Ordinal);
    }

    [ConformanceFact]
    public void Real_files_of_other_kinds_are_recognized()
    {
        (string[] Path, string Words)[] files =
        [
            (["models", "llama3-tiny", "model.safetensors"], "safetensors file"),
            (["models", "llama3-tiny", "config.json"], "JSON file"),
            (["tokenizers", "llama3.tiktoken"], "text file"),
            (["README.md"], "text file"),
        ];
        foreach (var (path, words) in files)
        {
            var error = Assert.Throws<ModelFormatException>(() => GgufFile.Open(Conformance.PathOf(path)));
            Assert.Contains(words, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_empty_file_and_a_folder_are_named()
    {
        using var folder = new TemporaryFolder();
        var directory = Assert.Throws<ModelFormatException>(() => GgufFile.Open(folder.Name));
        Assert.Contains("the folder holds no model", directory.Message, StringComparison.Ordinal);
        var empty = Assert.Throws<ModelFormatException>(() => GgufFile.Open(folder.Write("empty.gguf", [])));
        Assert.Contains("the file is empty", empty.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_reported_as_missing()
    {
        using var folder = new TemporaryFolder();
        var error = Assert.Throws<FileNotFoundException>(() => GgufFile.Open(folder.PathOf("none.gguf")));
        Assert.Contains("none.gguf", error.Message, StringComparison.Ordinal);
        Assert.Throws<DirectoryNotFoundException>(() => GgufFile.Open(folder.PathOf("nowhere/none.gguf")));
    }
}
