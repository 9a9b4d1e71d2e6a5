using Ayni.Kernels;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>
/// Writes a model's parameters, or their gradients, as one safetensors file under the names and in the order of the model's own files.
/// </summary>
public static class ParameterFile
{
    /// <summary>Writes the weights as they are now, in float32.</summary>
    /// <param name="path">The file to write; one of that name is replaced.</param>
    /// <param name="source">Where the model was loaded from.</param>
    /// <param name="model">The model.</param>
    public static void WriteValues(string path, ModelSource source, TrainableModel model) =>
        Write(path, source, model, model.Parameters, parameter => parameter.Values);

    /// <summary>Writes the gradients of all weights that are not frozen.</summary>
    /// <param name="path">The file to write; one of that name is replaced.</param>
    /// <param name="source">Where the model was loaded from.</param>
    /// <param name="model">The model.</param>
    public static void WriteGradients(string path, ModelSource source, TrainableModel model) =>
        Write(path, source, model, model.Parameters.Where(parameter => parameter.IsTrainable), parameter => parameter.Gradient);

    private static void Write(
        string path, ModelSource source, TrainableModel model, IEnumerable<Parameter> parameters, Func<Parameter, float[]> numbers)
    {
        using var context = new ComputeContext(KernelTier.Scalar, 1);
        using var replaced = new ParameterSource(source, parameters, numbers);
        var partial = path + ".partial";
        File.Delete(partial);
        try
        {
            SafetensorsWriter.WriteFile(partial, replaced.InOwnOrder(model.Config, new RowConverter(context, CancellationToken.None)));
            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }
}
