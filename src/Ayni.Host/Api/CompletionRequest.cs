using System.Collections.Immutable;
using Ayni.Llama;

namespace Ayni.Host;

/// <summary>A validated request for one completion, whichever endpoint it came by.</summary>
internal sealed record CompletionRequest
{
    /// <summary>The model asked for.</summary>
    public required string Model { get; init; }

    /// <summary>What is to be continued or answered.</summary>
    public required CompletionInput Input { get; init; }

    /// <summary>The most tokens to generate; null leaves it to the host.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>How many answers are wanted.</summary>
    public int Answers { get; init; } = 1;

    /// <summary>How long the answer may take, from the request's arrival on; null leaves it to the host.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whose request it is by the client's word; counted, never kept.</summary>
    public string? User { get; init; }

    /// <summary>How tokens are chosen.</summary>
    public SamplingParameters Sampling { get; init; } = new();

    /// <summary>Texts that end the answer.</summary>
    public ImmutableArray<string> Stop { get; init; } = [];

    /// <summary>Whether the answer is sent as it is made.</summary>
    public bool Stream { get; init; }

    /// <summary>Whether a streamed answer ends with its usage.</summary>
    public bool IncludeUsage { get; init; }
}

/// <summary>What a completion starts from.</summary>
internal abstract record CompletionInput
{
    /// <summary>The request's field it was given in.</summary>
    public abstract string Field { get; }

    /// <summary>A conversation, to be said in the model's chat format.</summary>
    public sealed record Conversation(ImmutableArray<ChatMessage> Messages) : CompletionInput
    {
        public override string Field => "messages";
    }

    /// <summary>A text to be continued.</summary>
    public sealed record Text(string Value) : CompletionInput
    {
        public override string Field => "prompt";
    }

    /// <summary>Token ids to be continued exactly as they are.</summary>
    public sealed record Tokens(ImmutableArray<int> Ids) : CompletionInput
    {
        public override string Field => "prompt";
    }
}
