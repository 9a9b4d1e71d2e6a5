using Ayni.Tests;

namespace Ayni.Llama.Tests;

public sealed class QuantizationMixTests
{
    [ConformanceFact]
    public void Every_tensor_gets_the_type_that_llama_cpp_gives_it()
    {
        var tested = 0;
        using var original = GgufFile.Open(Conformance.PathOf("models", "llama3-tiny", "llama3-tiny-f32.gguf"));
        foreach (var name in QuantizationMix.Names)
        {
            var path = Conformance.PathOf("models", "llama3-tiny", "quant", $"llama3-tiny-{name}.gguf");
            if (!File.Exists(path))
                continue;
            using var theirs = GgufFile.Open(path);
            var mix = QuantizationMix.Find(name)!;
            var model = new QuantizedModel(2, 4, 0, HasOutputHead: theirs.Find("output.weight") is not null, HasImportance: false);
            foreach (var tensor in original.Tensors)
            {
                var columns = tensor.Dimensions.Length < 2 ? 0 : tensor.Dimensions[0];
                Assert.Equal((name, tensor.Name, theirs.Find(tensor.Name)!.Type), (name, tensor.Name, mix.TypeOf(tensor.Name, columns, model)));
            }
            Assert.Equal(theirs.Metadata.FindInteger("general.file_type"), mix.FileType);
            tested++;
        }
        Assert.InRange(tested, 14, int.MaxValue);
    }

    [Theory]
    [InlineData("q4_k_m", "Q4_K_M")]
    [InlineData("Q5_K", "Q5_K_M")]
    [InlineData("f16", "F16")]
    [InlineData("IQ2_XS", null)]
    public void Names_are_those_users_know(string name, string? expected) => Assert.Equal(expected, QuantizationMix.Find(name)?.Name);
}
