using System.Collections.Immutable;

namespace Ayni.Training;

/// <summary>A part of a recipe and where it stands, both counted from 1.</summary>
internal abstract record RecipeNode(long Line, long Column);

/// <summary>A single value.</summary>
internal sealed record RecipeScalar(long Line, long Column, string Text, bool IsQuoted) : RecipeNode(Line, Column);

/// <summary>A list.</summary>
internal sealed record RecipeSequence(long Line, long Column, ImmutableArray<RecipeNode> Items) : RecipeNode(Line, Column);

/// <summary>Fields by name, in their order.</summary>
internal sealed record RecipeMapping(long Line, long Column, ImmutableArray<(RecipeScalar Key, RecipeNode Value)> Fields)
    : RecipeNode(Line, Column);
