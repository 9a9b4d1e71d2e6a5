namespace Ayni.Training;

/// <summary>What a parameter is for: optimizers treat matrices inside the network otherwise than the rest.</summary>
public enum ParameterRole
{
    /// <summary>Token embeddings, tied to the output head or not.</summary>
    Embedding,

    /// <summary>The weight of a norm.</summary>
    Norm,

    /// <summary>A matrix between two layers' activations.</summary>
    Matrix,

    /// <summary>What is added to a matrix's product.</summary>
    Bias,

    /// <summary>The output head where it is a matrix of its own.</summary>
    Head,

    /// <summary>One of the two factors of a low-rank adapter.</summary>
    Adapter,
}
