using System.Runtime.InteropServices;
using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>What the kernel of normalization's gradient is called with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct RmsNormGradientArguments
{
    /// <summary>Rows that were normalized.</summary>
    public float* Input;

    /// <summary>The weights.</summary>
    public float* Weight;

    /// <summary>The output's gradient, rows as the input's.</summary>
    public float* OutputGradient;

    /// <summary>The input's gradient, which is added to.</summary>
    public float* InputGradient;

    /// <summary>The weights' gradient, which is added to.</summary>
    public float* WeightGradient;

    /// <summary>Memory for each row's factors, <c>[rows / 2, 4, 16]</c>.</summary>
    public float* Factors;

    /// <summary>Receives the normalized rows in pairs of rows, panels of <c>[rows / 2, 32]</c>; moves.</summary>
    public float* Normed;

    /// <summary>Bytes from one of these panels to the next.</summary>
    public long NormedStride;

    /// <summary>Receives the input's gradient, rounded rows, where they are wanted, as the next two; moves.</summary>
    public float* GradientRows;

    /// <summary>Receives the same in pairs of rows, panels of <c>[rows / 2, 8]</c>; moves.</summary>
    public float* Gradients;

    /// <summary>Bytes from one of these panels to the next.</summary>
    public long GradientsStride;

    /// <summary>Pairs of rows, at least one.</summary>
    public long Count;

    /// <summary>What sums over a row are multiplied by: one by its values.</summary>
    public float Share;

    /// <summary>Added to the mean square.</summary>
    public float Epsilon;
}

/// <summary>
/// The gradient of root-mean-square normalization (<see cref="RmsNormGradient"/>) with what the products beside it read, rounded to BF16 in
/// registers: the normalized rows, and the gradient of what was normalized. First every row's factors, then 32 columns of all rows after
/// the other, since pairs of rows that follow each other lie side by side in a panel.
/// </summary>
internal sealed class RmsNormGradientKernel
{
    /// <summary>Floats of two rows' factors.</summary>
    public const int FactorFloats = 2 * Rows * 16;

    private const int Rows = 2;
    private const int Vectors = RoundedRows.ValuesAtATime / 16;

    private static readonly Register Input = Register.RSI;
    private static readonly Register OutputGradient = Register.RDX;
    private static readonly Register InputGradient = Register.RDI;
    private static readonly Register Factors = Register.RBX;
    private static readonly Register Count = Register.RCX;
    private static readonly Register Offset = Register.R8;
    private static readonly Register Normed = Register.R9;
    private static readonly Register Weight = Register.R10;
    private static readonly Register Gradients = Register.R11;
    private static readonly Register GradientsStride = Register.R12;
    private static readonly Register ThreeGradients = Register.R13;
    private static readonly Register GradientRows = Register.R14;

    // Between the columns, when these are not needed.
    private static readonly Register Moved = Count;
    private static readonly Register Distance = Weight;

    private readonly KernelAssembler _code;

    // Known when the kernel is emitted, so that a second row needs no register.
    private readonly int _rowBytes;
    private readonly bool _givesGradients;
    private readonly RowPairs _pairs;

    private RmsNormGradientKernel(int dim, bool givesGradients, KernelAssembler code)
    {
        _code = code;
        _rowBytes = dim * sizeof(float);
        _givesGradients = givesGradients;
        _pairs = new RowPairs(code, new Vector(30), new Vector(31));
    }

    /// <summary>Emits the kernel for a target with 512-bit vectors.</summary>
    /// <param name="dim">Values of a row.</param>
    /// <param name="givesGradients">Whether the input's gradient is wanted rounded.</param>
    /// <param name="code">The kernel.</param>
    public static void Emit(int dim, bool givesGradients, KernelAssembler code)
    {
        var kernel = new RmsNormGradientKernel(dim, givesGradients, code);
        kernel.FindFactors();
        kernel.TurnColumns();
    }

    /// <summary>
    /// Finds by what each row's gradient and values are multiplied, f and −f³ · mean(gradient · weight · value), in every lane.
    /// </summary>
    private void FindFactors()
    {
        var (share, epsilon, one) = (new Vector(27), new Vector(28), new Vector(29));
        _code.Broadcast(share, Argument(nameof(RmsNormGradientArguments.Share)));
        _code.Broadcast(epsilon, Argument(nameof(RmsNormGradientArguments.Epsilon)));
        _code.Broadcast(one, _code.Constant(BitConverter.GetBytes(1f)));
        Load(Input, nameof(RmsNormGradientArguments.Input));
        Load(OutputGradient, nameof(RmsNormGradientArguments.OutputGradient));
        Load(Weight, nameof(RmsNormGradientArguments.Weight));
        ForEachPair(() =>
        {
            ForEachVector((row, v) =>
            {
                _code.Clear(Square(row, v));
                _code.Clear(Product(row, v));
            });
            ForEachColumns(() => ForEachVector((row, v) =>
            {
                var (value, product) = (Temporary(2 * v), Temporary(2 * v + 1));
                _code.Load(value, At(Input, row, v, Offset));
                _code.MultiplyAdd(Square(row, v), value, value);
                _code.Multiply(product, value, At(OutputGradient, row, v, Offset));
                _code.MultiplyAdd(Product(row, v), product, At(Weight, 0, v, Offset));
            }));
            for (var row = 0; row < Rows; row++)
            {
                _code.Add(Factor(row), Square(row, 0), Square(row, 1));
                _code.Add(Back(row), Product(row, 0), Product(row, 1));
            }
            LaneSums.Spread(_code, [.. Enumerable.Range(0, 2 * Rows).Select(i => (new Vector(i), Temporary(i)))], Temporary(2 * Rows));
            for (var row = 0; row < Rows; row++)
            {
                _code.MultiplyByAndAdd(Factor(row), share, epsilon);
                _code.SquareRoot(Factor(row), Factor(row));
                _code.Divide(Factor(row), one, Factor(row));
                _code.Multiply(Back(row), Back(row), share);
                for (var power = 0; power < 3; power++)
                    _code.Multiply(Back(row), Back(row), Factor(row));
                _code.Clear(Temporary(row));
                _code.Subtract(Back(row), Temporary(row), Back(row));
            }
            for (var i = 0; i < 2 * Rows; i++)
                _code.Store(At(Factors, 0, i), new Vector(i));
            _code.AddTo(Input, Rows * _rowBytes);
            _code.AddTo(OutputGradient, Rows * _rowBytes);
        });
    }

    private void TurnColumns()
    {
        _pairs.Begin();
        if (_givesGradients)
        {
            Load(GradientsStride, nameof(RmsNormGradientArguments.GradientsStride));
            _code.LoadAddress(ThreeGradients, new Memory(GradientsStride, 0, GradientsStride, 2));
        }
        ForEachColumns(() =>
        {
            Load(Input, nameof(RmsNormGradientArguments.Input));
            Load(OutputGradient, nameof(RmsNormGradientArguments.OutputGradient));
            Load(InputGradient, nameof(RmsNormGradientArguments.InputGradient));
            foreach (var register in new[] { Input, OutputGradient, InputGradient })
                _code.AddTo(register, Offset);
            Load(Normed, nameof(RmsNormGradientArguments.Normed));
            if (_givesGradients)
            {
                Load(GradientRows, nameof(RmsNormGradientArguments.GradientRows));
                Load(Gradients, nameof(RmsNormGradientArguments.Gradients));
            }
            ForEachWeight(nameof(RmsNormGradientArguments.Weight), (v, place) => _code.Load(Weights(v), place));
            ForEachWeight(nameof(RmsNormGradientArguments.WeightGradient), (v, place) => _code.Load(WeightSums(v), place));
            ForEachPair(TurnPair);
            ForEachWeight(nameof(RmsNormGradientArguments.WeightGradient), (v, place) => _code.Store(place, WeightSums(v)));
            Move(nameof(RmsNormGradientArguments.Normed), nameof(RmsNormGradientArguments.NormedStride));
            if (!_givesGradients)
                return;
            Load(Moved, nameof(RmsNormGradientArguments.GradientRows));
            _code.AddTo(Moved, RoundedRows.ValuesAtATime * sizeof(ushort));
            _code.Store(Argument(nameof(RmsNormGradientArguments.GradientRows)), Moved);
            for (var panel = 0; panel < RoundedRows.ValuesAtATime / BFloat16TileKernel.Rows; panel++)
                Move(nameof(RmsNormGradientArguments.Gradients), nameof(RmsNormGradientArguments.GradientsStride));
        });
    }

    /// <summary>Turns some columns of two rows.</summary>
    private void TurnPair()
    {
        for (var i = 0; i < 2 * Rows; i++)
            _code.Load(new Vector(i), At(Factors, 0, i));
        ForEachVector((row, v) =>
        {
            var (value, gradient, result) = (Value(row, v), Temporary(row * Vectors + v), Gradient(row, v));
            _code.Load(value, At(Input, row, v));
            _code.Multiply(gradient, Factor(row), At(OutputGradient, row, v));
            _code.MultiplyAdd(WeightSums(v), gradient, value);
            _code.Multiply(result, gradient, Weights(v));
            _code.MultiplyAdd(result, value, Back(row));
            _code.Add(result, result, At(InputGradient, row, v));
            _code.Store(At(InputGradient, row, v), result);
            _code.Multiply(value, value, Factor(row));
            _code.Multiply(value, value, Weights(v));
        });
        foreach (var register in new[] { Input, OutputGradient, InputGradient })
            _code.AddTo(register, Rows * _rowBytes);
        for (var row = 0; row < Rows; row++)
            _code.RoundToBFloat16(Value(row, 0), Value(row, 0), Value(row, 1));
        _pairs.Join(Value(0, 0), Value(1, 0), Value(0, 1));
        _pairs.StoreWide(Normed, Value(0, 0), Value(0, 1));
        if (!_givesGradients)
            return;
        for (var row = 0; row < Rows; row++)
        {
            _code.RoundToBFloat16(Gradient(row, 0), Gradient(row, 0), Gradient(row, 1));
            _code.Store(new Memory(GradientRows, row * _rowBytes / 2), Gradient(row, 0));
        }
        _code.AddTo(GradientRows, Rows * _rowBytes / 2);
        var (first, last) = (Gradient(0, 0), Gradient(0, 1));
        _pairs.Join(first, Gradient(1, 0), last);
        _pairs.StoreNarrow(Gradients, GradientsStride, ThreeGradients, first, last);
    }

    private void ForEachColumns(Action emit)
    {
        var next = _code.CreateLabel();
        _code.Load(Offset, _code.Constant(new byte[sizeof(long)]));
        _code.Place(next);
        emit();
        _code.AddTo(Offset, Vectors * _code.Target.VectorBytes);
        _code.JumpIfLess(Offset, _rowBytes, next);
    }

    private void ForEachPair(Action emit)
    {
        var next = _code.CreateLabel();
        Load(Factors, nameof(RmsNormGradientArguments.Factors));
        Load(Count, nameof(RmsNormGradientArguments.Count));
        _code.Place(next);
        emit();
        _code.AddTo(Factors, FactorFloats * sizeof(float));
        _code.CountDown(Count, next);
    }

    private void ForEachWeight(string field, Action<int, Memory> emit)
    {
        Load(Weight, field);
        for (var v = 0; v < Vectors; v++)
            emit(v, At(Weight, 0, v, Offset));
    }

    /// <summary>Moves a pointer among the arguments.</summary>
    private void Move(string pointer, string stride)
    {
        Load(Distance, stride);
        Load(Moved, pointer);
        _code.AddTo(Moved, Distance);
        _code.Store(Argument(pointer), Moved);
    }

    private static void ForEachVector(Action<int, int> emit)
    {
        for (var row = 0; row < Rows; row++)
        {
            for (var v = 0; v < Vectors; v++)
                emit(row, v);
        }
    }

    private void Load(Register register, string field) => _code.Load(register, Argument(field));

    private Memory At(Register place, int row, int v, Register offset = Register.None) =>
        new(place, row * _rowBytes + v * _code.Target.VectorBytes, offset);

    private static Memory Argument(string field) => KernelAssembler.Argument<RmsNormGradientArguments>(field);

    private static Vector Factor(int row) => new(row);

    private static Vector Back(int row) => new(Rows + row);

    // While factors are found.
    private static Vector Square(int row, int v) => new(4 + row * Vectors + v);

    private static Vector Product(int row, int v) => new(8 + row * Vectors + v);

    // While rows are turned.
    private static Vector Value(int row, int v) => new(4 + row * Vectors + v);

    private static Vector Gradient(int row, int v) => new(8 + row * Vectors + v);

    private static Vector Weights(int v) => new(12 + v);

    private static Vector WeightSums(int v) => new(14 + v);

    private static Vector Temporary(int i) => new(16 + i);
}
