namespace Ayni.Training;

/// <summary>Which way tokens go through products.</summary>
[Flags]
internal enum PassDirection
{
    /// <summary>From inputs to outputs.</summary>
    Forward = 1,

    /// <summary>From the gradients of outputs to those of inputs.</summary>
    Backward = 2,

    /// <summary>There and back again.</summary>
    Both = Forward | Backward,
}
