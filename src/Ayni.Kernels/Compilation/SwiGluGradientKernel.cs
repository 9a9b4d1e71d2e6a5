using System.Runtime.InteropServices;
using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>What the kernel of the gated unit's gradient is called with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SwiGluGradientArguments
{
    /// <summary>32 values of the first row's gate, in BF16.</summary>
    public ushort* Gate;

    /// <summary>The other half, as the gate.</summary>
    public ushort* Up;

    /// <summary>32 values of the output's gradient.</summary>
    public float* OutputGradient;

    /// <summary>Receives the gate's gradient, rounded rows.</summary>
    public float* GateRows;

    /// <summary>Receives the other half's gradient, rounded rows.</summary>
    public float* UpRows;

    /// <summary>Bytes from one row in BF16 to the next.</summary>
    public long RowStride;

    /// <summary>Receives the gate's gradient in pairs of rows, panels of <c>[rows / 2, 8]</c>.</summary>
    public float* GatePanels;

    /// <summary>Receives the other half's gradient likewise.</summary>
    public float* UpPanels;

    /// <summary>Bytes from one of these panels to the next.</summary>
    public long PanelStride;

    /// <summary>Receives the output in pairs of rows, a panel of <c>[rows / 2, 32]</c>.</summary>
    public float* OutputPanel;

    /// <summary>Pairs of rows, at least one.</summary>
    public long Count;
}

/// <summary>
/// The gradient of the gated linear unit (<see cref="SwiGlu"/>) and its output, computed of two rows of 32 values at a time and rounded to
/// BF16 in registers, into every form in which the products that follow read them.
/// </summary>
internal sealed class SwiGluGradientKernel
{
    private const int Values = RoundedRows.ValuesAtATime;
    private const int Vectors = Values / 16;

    private static readonly Register Gate = Register.RSI;
    private static readonly Register Up = Register.RDX;
    private static readonly Register OutputGradient = Register.RBX;
    private static readonly Register GateRows = Register.RDI;
    private static readonly Register UpRows = Register.R8;
    private static readonly Register RowStride = Register.R10;
    private static readonly Register GatePanels = Register.R11;
    private static readonly Register UpPanels = Register.R12;
    private static readonly Register PanelStride = Register.R13;
    private static readonly Register ThreePanels = Register.R14;
    private static readonly Register OutputPanel = Register.RCX;
    private static readonly Register Count = KernelAssembler.Arguments;

    private static readonly Vector MinusLogarithmOfE = new(28);
    private static readonly Vector One = new(29);

    private readonly KernelAssembler _code;
    private readonly RowPairs _pairs;

    private SwiGluGradientKernel(KernelAssembler code)
    {
        _code = code;
        _pairs = new RowPairs(code, new Vector(30), new Vector(31));
    }

    /// <summary>Emits the kernel for a target with 512-bit vectors.</summary>
    public static void Emit(KernelAssembler code) => new SwiGluGradientKernel(code).Emit();

    private void Emit()
    {
        (Register, string)[] fields =
        [
            (Gate, nameof(SwiGluGradientArguments.Gate)), (Up, nameof(SwiGluGradientArguments.Up)),
            (OutputGradient, nameof(SwiGluGradientArguments.OutputGradient)), (GateRows, nameof(SwiGluGradientArguments.GateRows)),
            (UpRows, nameof(SwiGluGradientArguments.UpRows)), (RowStride, nameof(SwiGluGradientArguments.RowStride)),
            (GatePanels, nameof(SwiGluGradientArguments.GatePanels)), (UpPanels, nameof(SwiGluGradientArguments.UpPanels)),
            (PanelStride, nameof(SwiGluGradientArguments.PanelStride)), (OutputPanel, nameof(SwiGluGradientArguments.OutputPanel)),
            (Count, nameof(SwiGluGradientArguments.Count)),
        ];
        foreach (var (register, field) in fields)
            _code.Load(register, KernelAssembler.Argument<SwiGluGradientArguments>(field));
        _code.LoadAddress(ThreePanels, new Memory(PanelStride, 0, PanelStride, 2));
        _pairs.Begin();
        _code.Broadcast(MinusLogarithmOfE, Constant(-PowersOfTwo.LogarithmOfE));
        _code.Broadcast(One, Constant(1));

        var next = _code.CreateLabel();
        _code.Place(next);
        for (var row = 0; row < 2; row++)
        {
            Turn();
            RoundRow(row);
        }
        StoreNarrow(GatePanels, 0);
        StoreNarrow(UpPanels, 1);
        _pairs.Join(Rounded(0, 2), Rounded(1, 2), Temporary(0));
        _pairs.StoreWide(OutputPanel, Rounded(0, 2), Temporary(0));
        _code.CountDown(Count, next);
    }

    /// <summary>Turns a row's values into the gradients of the gate and of the other half, and the output.</summary>
    private void Turn()
    {
        var powers = new List<(Vector Power, Vector Whole, Vector Result)>();
        for (var v = 0; v < Vectors; v++)
        {
            var at = v * _code.Target.VectorBytes;
            LoadBFloat16(Value(0, v), new Memory(Gate, at / 2));
            LoadBFloat16(Value(1, v), new Memory(Up, at / 2));
            _code.Load(Value(2, v), new Memory(OutputGradient, at));
            _code.Multiply(Temporary(v), Value(0, v), MinusLogarithmOfE);
            powers.Add((Temporary(v), Temporary(2 + v), Temporary(4 + v)));
        }
        // What the next call reads.
        _code.Prefetch(new Memory(Gate, Values * sizeof(ushort)));
        _code.Prefetch(new Memory(Up, Values * sizeof(ushort)));
        foreach (var register in new[] { Gate, Up })
            _code.AddTo(register, RowStride);
        _code.LoadAddress(OutputGradient, new Memory(OutputGradient, 0, RowStride, sizeof(float) / sizeof(ushort)));
        PowersOfTwo.Raise(_code, powers);
        for (var v = 0; v < Vectors; v++)
        {
            var (gate, up, gradient) = (Value(0, v), Value(1, v), Value(2, v));
            var (sigmoid, activated, slope) = (Temporary(v), Temporary(2 + v), Temporary(4 + v));
            _code.Add(sigmoid, sigmoid, One);
            _code.Divide(sigmoid, One, sigmoid);
            _code.Multiply(activated, gate, sigmoid);
            // (g·σ(g))' = σ + g·σ·(1 − σ)
            _code.Subtract(slope, One, sigmoid);
            _code.MultiplyByAndAdd(slope, activated, sigmoid);
            _code.Multiply(gate, gradient, up);
            _code.Multiply(gate, gate, slope);
            _code.Multiply(gradient, gradient, activated);
            _code.Multiply(up, activated, up);
        }
    }

    private void LoadBFloat16(Vector d, Memory place)
    {
        _code.LoadWords(d, place);
        _code.ShiftLeftIntegers(d, d, 16);
    }

    private void RoundRow(int row)
    {
        _code.RoundToBFloat16(Rounded(row, 0), Value(0, 0), Value(0, 1));
        _code.RoundToBFloat16(Rounded(row, 1), Value(2, 0), Value(2, 1));
        _code.RoundToBFloat16(Rounded(row, 2), Value(1, 0), Value(1, 1));
        _code.Store(new Memory(GateRows), Rounded(row, 0));
        _code.Store(new Memory(UpRows), Rounded(row, 1));
        _code.AddTo(GateRows, RowStride);
        _code.AddTo(UpRows, RowStride);
    }

    private void StoreNarrow(Register panels, int i)
    {
        var (first, last) = (Rounded(0, i), Temporary(i));
        _pairs.Join(first, Rounded(1, i), last);
        _pairs.StoreNarrow(panels, PanelStride, ThreePanels, first, last);
    }

    private Memory Constant(float value) => _code.Constant(BitConverter.GetBytes(value));

    /// <summary>
    /// The gate, the other half and the output's gradient, and then the gate's gradient, the output and the other half's gradient.
    /// </summary>
    private static Vector Value(int i, int v) => new(i * Vectors + v);

    private static Vector Temporary(int i) => new(6 + i);

    /// <summary>A row's gradient of the gate, gradient of the other half, and output.</summary>
    private static Vector Rounded(int row, int i) => new(12 + 3 * row + i);
}
