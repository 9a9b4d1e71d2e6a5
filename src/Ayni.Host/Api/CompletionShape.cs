using System.Collections.Immutable;

namespace Ayni.Host;

/// <summary>What differs between a chat completion and a text completion: how the request is read and how the answer is shaped.</summary>
internal abstract class CompletionShape
{
    /// <summary>Of <c>/v1/chat/completions</c>.</summary>
    public static CompletionShape Chat { get; } = new ChatShape();

    /// <summary>Of <c>/v1/completions</c>.</summary>
    public static CompletionShape Text { get; } = new TextShape();

    /// <summary>Both.</summary>
    public static ImmutableArray<CompletionShape> All { get; } = [Chat, Text];

    /// <summary>How an answer's id starts.</summary>
    public abstract string IdPrefix { get; }

    /// <summary>The <c>object</c> of a whole answer.</summary>
    public abstract string Object { get; }

    /// <summary>The <c>object</c> of a chunk.</summary>
    public abstract string ChunkObject { get; }

    /// <summary>Reads a request. Throws <see cref="ApiException"/>.</summary>
    public abstract CompletionRequest Parse(ReadOnlyMemory<byte> body);

    /// <summary>A whole answer's choice.</summary>
    public abstract CompletionChoice Whole(string text, string finishReason);

    /// <summary>The choice of a stream's first chunk; null where the stream starts with text.</summary>
    public abstract CompletionChoice? Opening { get; }

    /// <summary>A chunk's choice.</summary>
    public abstract CompletionChoice Part(string text);

    /// <summary>The choice that says why the answer ended.</summary>
    public abstract CompletionChoice End(string finishReason);

    private sealed class ChatShape : CompletionShape
    {
        public override string IdPrefix => "chatcmpl-";

        public override string Object => "chat.completion";

        public override string ChunkObject => "chat.completion.chunk";

        public override CompletionRequest Parse(ReadOnlyMemory<byte> body) => CompletionRequestParser.ParseChat(body);

        public override CompletionChoice Whole(string text, string finishReason) =>
            new() { Message = new("assistant", text), FinishReason = finishReason };

        public override CompletionChoice Opening { get; } = new() { Delta = new("assistant", "") };

        public override CompletionChoice Part(string text) => new() { Delta = new(null, text) };

        public override CompletionChoice End(string finishReason) => new() { Delta = new(null, null), FinishReason = finishReason };
    }

    private sealed class TextShape : CompletionShape
    {
        public override string IdPrefix => "cmpl-";

        public override string Object => "text_completion";

        public override string ChunkObject => "text_completion";

        public override CompletionRequest Parse(ReadOnlyMemory<byte> body) => CompletionRequestParser.ParseText(body);

        public override CompletionChoice Whole(string text, string finishReason) => new() { Text = text, FinishReason = finishReason };

        public override CompletionChoice? Opening => null;

        public override CompletionChoice Part(string text) => new() { Text = text };

        public override CompletionChoice End(string finishReason) => new() { Text = "", FinishReason = finishReason };
    }
}
