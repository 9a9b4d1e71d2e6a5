namespace Ayni.Llama.Tests;

public sealed class HubSelectionTests
{
    private static readonly string[] Gguf =
    [
        ".gitattributes", "README.md", "imatrix.gguf", "mmproj-F16.gguf", "tiny-BF16/tiny-BF16-00001-of-00002.gguf",
        "tiny-BF16/tiny-BF16-00002-of-00002.gguf", "tiny-IQ2_XXS.gguf", "tiny-Q4_0.gguf", "tiny-Q4_K_M.gguf", "tiny-UD-Q4_K_XL.gguf",
    ];

    private static readonly string[] Folder =
    [
        "LICENSE.txt", "config.json", "generation_config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
        "model.safetensors.index.json", "original/consolidated.00.pth", "original/tokenizer.model", "consolidated.safetensors", "tokenizer.json",
    ];

    [Theory]
    [InlineData(null, "tiny-Q4_K_M.gguf")]
    [InlineData("q4_0", "tiny-Q4_0.gguf")]
    [InlineData("Q4_K_M", "tiny-Q4_K_M.gguf")]
    [InlineData("UD-Q4_K_XL", "tiny-UD-Q4_K_XL.gguf")]
    [InlineData("IQ2_XXS", "tiny-IQ2_XXS.gguf")]
    [InlineData("bf16", "tiny-BF16/tiny-BF16-00001-of-00002.gguf tiny-BF16/tiny-BF16-00002-of-00002.gguf")]
    [InlineData("tiny-BF16/tiny-BF16-00002-of-00002.gguf", "tiny-BF16/tiny-BF16-00001-of-00002.gguf tiny-BF16/tiny-BF16-00002-of-00002.gguf")]
    [InlineData("README.md", "README.md")]
    public void A_selector_means_a_file_with_all_its_parts(string? selector, string expected) => Assert.Equal(expected, Pick(Gguf, selector));

    [Fact]
    public void Without_gguf_a_folders_own_files_are_taken()
    {
        const string Expected = "model-00001-of-00002.safetensors model-00002-of-00002.safetensors config.json generation_config.json "
            + "model.safetensors.index.json tokenizer.json";
        Assert.Equal(Expected, Pick(Folder, null));
        Assert.Equal(Expected, Pick([.. Gguf, .. Folder], "safetensors"));
    }

    [Fact]
    public void What_is_not_there_is_answered_with_what_is()
    {
        var error = Assert.Throws<HubException>(() => Pick(Gguf, "Q4_K"));
        Assert.Equal(HubFailure.NotFound, error.Failure);
        Assert.Contains("It has BF16, IQ2_XXS, Q4_0, Q4_K_M, UD-Q4_K_XL.", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<HubException>(() => Pick(Gguf, "tiny-Q4_1.gguf"));
        Assert.Contains("Its files are among others tiny-Q4_0.gguf,", error.Message, StringComparison.Ordinal);
        Assert.Contains("neither", Assert.Throws<HubException>(() => Pick(["README.md"], null)).Message, StringComparison.Ordinal);
        Assert.Contains("no files", Assert.Throws<HubException>(() => Pick([], null)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_part_and_a_name_for_several_files_are_refused()
    {
        Assert.Contains("missing", Assert.Throws<HubException>(() => Pick([Gguf[4]], "BF16")).Message, StringComparison.Ordinal);
        var error = Assert.Throws<HubException>(() => Pick(["a-Q8_0.gguf", "b-Q8_0.gguf"], "Q8_0"));
        Assert.Contains("name one: a-Q8_0.gguf, b-Q8_0.gguf", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ada/Tiny-GGUF", null)]
    [InlineData("ada/Tiny-GGUF:Q4_0", "Q4_0")]
    [InlineData("ada/Tiny-GGUF:folder/a.gguf", "folder/a.gguf")]
    public void Names_are_read(string text, string? selector)
    {
        Assert.True(HubReference.TryParse(text, out var reference));
        Assert.Equal(new HubReference("ada", "Tiny-GGUF", selector), reference);
        Assert.Equal(text, reference.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("ada")]
    [InlineData("ada/")]
    [InlineData("/ada")]
    [InlineData("../ada")]
    [InlineData("ada/..")]
    [InlineData("ada/a..b")]
    [InlineData("ada/.hidden")]
    [InlineData("ada/x.")]
    [InlineData("ada/x\n")]
    [InlineData("ada/x:")]
    [InlineData("ada/x/y")]
    [InlineData("C:\\ada/x")]
    public void What_could_be_another_folder_is_no_name(string text) => Assert.False(HubReference.TryParse(text, out _));

    private static string Pick(string[] paths, string? selector) => string.Join(' ', HubSelection.Pick(new HubRepository(
        new HubReference("ada", "Tiny-GGUF", selector), new Uri("http://localhost"), "", null,
        [.. paths.Order(StringComparer.Ordinal).Select(path => new HubFile(path, 1, "", true))])).Select(file => file.Path));
}
