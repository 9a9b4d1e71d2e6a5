namespace Ayni.Training;

/// <summary>A batch can't be computed with a model: it says what is wrong, where and what to do.</summary>
public sealed class BatchException(string message) : Exception(message);
