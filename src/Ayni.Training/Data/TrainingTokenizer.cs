using System.Security.Cryptography;
using System.Text;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>Turns documents into the tokens that a model learns from. Safe for use by many threads at once.</summary>
internal sealed class TrainingTokenizer
{
    private readonly Tokenizer _tokenizer;
    private readonly ChatFormat? _chatFormat;

    /// <summary>Prepares a vocabulary.</summary>
    /// <param name="description">The vocabulary.</param>
    /// <param name="chatTemplate">The model's chat template, or null.</param>
    public TrainingTokenizer(TokenizerDescription description, string? chatTemplate)
    {
        _tokenizer = description.Tokenizer;
        _chatFormat = ChatFormat.For(_tokenizer, chatTemplate, new TemplateDay());
        Digest = ComputeDigest(description, chatTemplate);
    }

    /// <summary>SHA-256 of the vocabulary and the chat template.</summary>
    public string Digest { get; }

    /// <summary>A text from its beginning to its end, all of it to be learned.</summary>
    public TokenizedDocument Encode(string text)
    {
        var ids = new List<int>();
        if (_tokenizer is { AddsBeginOfText: true, BeginOfText: { } begin })
            ids.Add(begin);
        _tokenizer.Encode(text, ids);
        if (_tokenizer.EndOfText is { } end)
            ids.Add(end);
        return new TokenizedDocument([.. ids], null);
    }

    /// <summary>A conversation, of which some of the assistant's messages are to be learned.</summary>
    /// <exception cref="ChatFormatException">The model's chat format can't say it, or the model has none.</exception>
    /// <exception cref="ArgumentException">A tool's parameters are not a JSON object.</exception>
    public TokenizedDocument Encode(
        IReadOnlyList<ChatMessage> messages, IReadOnlyList<ToolDefinition> tools, Func<int, bool> isLearned)
    {
        if (_chatFormat is null)
            throw new ChatFormatException(0, "the model has no chat format; take one with a chat template, or learn from text");
        var conversation = _chatFormat.EncodeConversation(messages, tools);
        return new TokenizedDocument(conversation.Ids, [.. conversation.Writers.Select(writer => writer >= 0 && isLearned(writer))]);
    }

    /// <summary>SHA-256 of a vocabulary and a chat template.</summary>
    public static string ComputeDigest(TokenizerDescription description, string? chatTemplate)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var id = 0; id < description.Tokens.Length; id++)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(description.Tokens[id]));
            hash.AppendData([0, (byte)description.Types[id]]);
        }
        foreach (var merge in description.Merges.SelectMany(group => group))
        {
            hash.AppendData(BitConverter.GetBytes(merge.Left));
            hash.AppendData(BitConverter.GetBytes(merge.Right));
        }
        var tokenizer = description.Tokenizer;
        hash.AppendData(Encoding.UTF8.GetBytes(string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"\0{tokenizer.AddsBeginOfText} {tokenizer.BeginOfText} {tokenizer.EndOfText} {chatTemplate}")));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

/// <summary>A document's tokens.</summary>
/// <param name="Ids">The token ids.</param>
/// <param name="IsLearned">Which of them are to be learned; null for all.</param>
internal readonly record struct TokenizedDocument(int[] Ids, bool[]? IsLearned);
