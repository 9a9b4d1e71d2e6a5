using System.Collections.Immutable;

namespace Ayni.Ledger;

/// <summary>A part of a document and where it stands, both counted from 1.</summary>
internal abstract record DocumentNode(long Line, long Column);

/// <summary>A single value.</summary>
internal sealed record DocumentScalar(long Line, long Column, string Text, bool IsQuoted) : DocumentNode(Line, Column);

/// <summary>A list.</summary>
internal sealed record DocumentSequence(long Line, long Column, ImmutableArray<DocumentNode> Items) : DocumentNode(Line, Column);

/// <summary>Fields by name, in their order.</summary>
internal sealed record DocumentMapping(long Line, long Column, ImmutableArray<(DocumentScalar Key, DocumentNode Value)> Fields)
    : DocumentNode(Line, Column);
