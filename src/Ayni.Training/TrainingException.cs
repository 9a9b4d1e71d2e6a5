namespace Ayni.Training;

/// <summary>A training can't be done as it was asked for. The message says what is wrong, where and what to do.</summary>
public abstract class TrainingException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>What is to be learned from can't be read, or has changed.</summary>
public sealed class DataException(string message, Exception? inner = null) : TrainingException(message, inner);

/// <summary>A checkpoint can't be used, or belongs to another run.</summary>
public sealed class CheckpointException(string message) : TrainingException(message);

/// <summary>A manifest, a proof or a maker's key can't be read, or does not say what it must.</summary>
public sealed class ProvenanceException(string message, Exception? inner = null) : TrainingException(message, inner);

/// <summary>The loss is no number any more, or far above what it was.</summary>
public sealed class DivergenceException(string message) : TrainingException(message);
