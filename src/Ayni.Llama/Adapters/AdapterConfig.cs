using System.Collections.Immutable;

namespace Ayni.Llama;

/// <summary>What is said of a low-rank adapter (Hu et al. 2021, arXiv:2106.09685) in PEFT's <c>adapter_config.json</c>.</summary>
public sealed record AdapterConfig
{
    /// <summary>The largest rank read.</summary>
    internal const int MostRank = 4096;

    /// <summary>The matrices that an adapter may change, by PEFT's names.</summary>
    public static readonly ImmutableArray<string> AllTargets =
        ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

    /// <summary>Rows of A and columns of B.</summary>
    public required int Rank { get; init; }

    /// <summary>What the product of both is multiplied by, times the rank (or its root).</summary>
    public required double Alpha { get; init; }

    /// <summary>The share of the inputs dropped in training.</summary>
    public double Dropout { get; init; }

    /// <summary>Whether alpha is divided by the rank's root instead of the rank (Kalajdzievski 2023, arXiv:2312.03732).</summary>
    public bool UsesRankRoot { get; init; }

    /// <summary>The matrices changed, by PEFT's names.</summary>
    public ImmutableArray<string> Targets { get; init; } = AllTargets;

    /// <summary>What the model is called that it belongs to, or null.</summary>
    public string? BaseModel { get; init; }

    /// <summary>What the product <c>B·A</c> is multiplied by.</summary>
    public double Scaling => Alpha / (UsesRankRoot ? Math.Sqrt(Rank) : Rank);

    /// <summary>PEFT's name of a matrix by its name in GGUF, without <c>.weight</c>; null for one that no adapter changes.</summary>
    public static string? TargetOf(string name) => name[(name.LastIndexOf('.') + 1)..] switch
    {
        "attn_q" => "q_proj",
        "attn_k" => "k_proj",
        "attn_v" => "v_proj",
        "attn_output" => "o_proj",
        "ffn_gate" or "ffn_gate_shexp" => "gate_proj",
        "ffn_up" or "ffn_up_shexp" => "up_proj",
        "ffn_down" or "ffn_down_shexp" => "down_proj",
        _ => null,
    };
}

/// <summary>The two factors of one matrix's change. Rows in the order the transformer computes with.</summary>
/// <param name="Name">The matrix by its name in GGUF, without <c>.weight</c>.</param>
/// <param name="Down">A, <c>[rank, columns]</c>.</param>
/// <param name="Up">B, <c>[rows, rank]</c>.</param>
public sealed record AdapterMatrix(string Name, float[] Down, float[] Up);
