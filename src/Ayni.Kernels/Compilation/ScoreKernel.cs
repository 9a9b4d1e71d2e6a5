using System.Runtime.InteropServices;
using Iced.Intel;

namespace Ayni.Kernels;

/// <summary>What the kernels of attention's scores are called with. All is aligned to cache lines.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ScoreArguments
{
    /// <summary>Keys, as <see cref="HeadPackKernel"/> rounds them, rows of a multiple of eight.</summary>
    public float* Keys;

    /// <summary>Values, as the keys; of the gradient alone.</summary>
    public float* Values;

    /// <summary>Queries, a panel of 32 columns.</summary>
    public float* Queries;

    /// <summary>The gradients of what they attended to, a panel of 32 columns; of the gradient alone.</summary>
    public float* Gradients;

    /// <summary>A bit for each query that does not see the key, <c>[keys]</c>.</summary>
    public uint* Hidden;

    /// <summary>
    /// The logarithm of what the softmax is divided by, <c>[32]</c>. Forward it is about the largest score so far, and moves.
    /// </summary>
    public float* Bases;

    /// <summary>Sums of the probabilities so far, which grow, <c>[32]</c>; forward alone.</summary>
    public float* Sums;

    /// <summary>Receives by what a moved base changes all that came before, <c>[32]</c>; forward alone.</summary>
    public float* Corrections;

    /// <summary>What is subtracted from the gradients of probabilities, negative, <c>[32]</c>; of the gradient alone.</summary>
    public float* Commons;

    /// <summary>Receives probabilities, or the scores' gradients, in pairs of keys, <c>[keys / 2, 32]</c>.</summary>
    public float* Columns;

    /// <summary>Receives probabilities in pairs of queries, <c>[keys, 16]</c>; of the gradient alone.</summary>
    public float* Probabilities;

    /// <summary>Receives the scores' gradients in pairs of queries, <c>[keys, 16]</c>; of the gradient alone.</summary>
    public float* ScoreGradients;

    /// <summary>Memory for a tile's gradients, <c>[8, 32]</c>; of the gradient alone.</summary>
    public float* TileGradients;

    /// <summary>As many eights of keys, the first ones, are seen by all queries.</summary>
    public long VisibleTiles;

    /// <summary>Eights of keys; forward receives those that it left.</summary>
    public long Tiles;

    /// <summary>1 where sixteen keys follow which only the last sixteen queries see; receives 0 when these are done.</summary>
    public long LastTiles;

    /// <summary>Pairs of the head's values, at least one.</summary>
    public long Steps;

    /// <summary>1 where the base may move.</summary>
    public long MayMove;

    /// <summary>By what scores are multiplied.</summary>
    public float Scale;

    /// <summary>The same times the binary logarithm of e.</summary>
    public float BinaryScale;
}

/// <summary>
/// Scores of BF16 queries and keys, eight keys by 32 queries in registers, and what becomes of them there: probabilities, or the scores'
/// gradients, rounded to BF16 as the next products read them (<see cref="PairScores"/>).
/// </summary>
internal sealed class ScoreKernel
{
    /// <summary>Keys of a tile.</summary>
    public const int Rows = BFloat16TileKernel.Rows;

    private const int Vectors = BFloat16TileKernel.Vectors;

    // Sums that grow by 2¹⁶ are as exact as others, so that the base of a softmax need not follow every larger score.
    private const float Headroom = 16;

    // As many vectors as there are registers for.
    private const int PowersAtATime = 4;

    // So far below every base that its power is zero, and finite, so that no difference from it is undefined.
    private const float HiddenScore = -1e38f;

    private static readonly Register Left = Register.RSI;
    private static readonly Register Values = Register.R13;
    private static readonly Register Column = Register.RDX;
    private static readonly Register Count = Register.RBX;
    private static readonly Register Tiles = Register.RCX;
    private static readonly Register Output = Register.RDI;
    private static readonly Register Hidden = Register.R8;
    private static readonly Register MayMove = Register.R9;
    private static readonly Register Probabilities = Register.R10;
    private static readonly Register ScoreGradients = Register.R11;
    private static readonly Register Place = Register.R12;
    private static readonly Register VisibleTiles = Register.R14;

    private static readonly Vector Scale = new(24);
    private static readonly Vector HiddenScores = new(29);

    private readonly KernelAssembler _code;
    private readonly int _steps;
    private readonly int _rowBytes;
    private readonly RowPairs _pairs;

    // Of the tile that is emitted: its keys, and the first of its queries' vectors.
    private int _rows = Rows;
    private int _first;

    private ScoreKernel(int headDim, KernelAssembler code)
    {
        _code = code;
        _steps = (headDim + 1) / 2;
        _rowBytes = HeadPackKernel.RowBytes(headDim);
        _pairs = new RowPairs(code, new Vector(30), new Vector(31));
    }

    private int RowsAtATime => PowersAtATime / (Vectors - _first);

    /// <summary>Emits what turns scores into probabilities, or into these and the scores' gradients.</summary>
    public static void Emit(int headDim, bool isBackward, KernelAssembler code)
    {
        var kernel = new ScoreKernel(headDim, code);
        if (isBackward)
            kernel.EmitBackward();
        else
            kernel.EmitForward();
    }

    private void EmitForward()
    {
        Load(Left, nameof(ScoreArguments.Keys));
        Load(MayMove, nameof(ScoreArguments.MayMove));
        Begin();
        Load(Place, nameof(ScoreArguments.Sums));
        for (var v = 0; v < Vectors; v++)
            _code.Load(Total(v), At(Place, v));
        Load(Place, nameof(ScoreArguments.Corrections));
        _code.Broadcast(Temporary(0), Constant(1));
        for (var v = 0; v < Vectors; v++)
            _code.Store(At(Place, v), Temporary(0));

        var stop = _code.CreateLabel();
        ForEachTile(() => EmitForwardTile(stop));
        _code.Place(stop);
        _code.Store(Argument(nameof(ScoreArguments.Tiles)), Tiles);
        Load(Place, nameof(ScoreArguments.Sums));
        for (var v = 0; v < Vectors; v++)
            _code.Store(At(Place, v), Total(v));
    }

    private void EmitForwardTile(ulong stop)
    {
        ForEachSum((row, v) => _code.Clear(Sum(row, v)));
        Multiply(Left, nameof(ScoreArguments.Queries));
        Hide();
        FindLargest();
        var fits = _code.CreateLabel();
        _code.JumpIfNone(Exceeding(_first), Exceeding(Vectors - 1), fits);
        // What was written of this call's tiles would have to be corrected, too.
        _code.JumpIfLess(MayMove, 1, stop);
        MoveBases();
        _code.Place(fits);
        _code.AddTo(MayMove, -1);
        for (var row = 0; row < _rows; row += 2)
        {
            if (row % RowsAtATime == 0)
                Exponentiate(row);
            ForEachSum(row, 2, (r, v) => _code.Add(Total(v), Total(v), Sum(r, v)));
            RoundRows(row);
            StorePairs(row);
        }
        _code.AddTo(Output, _rows / 2 * Vectors * _code.Target.VectorBytes);
    }

    private void EmitBackward()
    {
        Load(Left, nameof(ScoreArguments.Keys));
        Load(Values, nameof(ScoreArguments.Values));
        Load(Probabilities, nameof(ScoreArguments.Probabilities));
        Load(ScoreGradients, nameof(ScoreArguments.ScoreGradients));
        Begin();
        ForEachTile(EmitBackwardTile);
    }

    private void EmitBackwardTile()
    {
        Load(Place, nameof(ScoreArguments.Commons));
        ForEachSum((row, v) =>
        {
            if (row == 0)
                _code.Load(Sum(row, v), At(Place, v));
            else
                _code.Copy(Sum(row, v), Sum(0, v));
        });
        Multiply(Values, nameof(ScoreArguments.Gradients));
        Load(Place, nameof(ScoreArguments.TileGradients));
        ForEachSum((row, v) => _code.Store(At(Place, Sum(row, v).Number), Sum(row, v)));
        ForEachSum((row, v) => _code.Clear(Sum(row, v)));
        Multiply(Left, nameof(ScoreArguments.Queries));
        Hide();
        for (var row = 0; row < _rows; row += 2)
        {
            if (row % RowsAtATime == 0)
                Exponentiate(row);
            RoundRows(row);
            StoreRows(Probabilities, row);
            ForEachSum(row, 2, (r, v) => _code.Multiply(Sum(r, v), Sum(r, v), At(Place, Sum(r, v).Number)));
            RoundRows(row);
            StoreRows(ScoreGradients, row);
            StorePairs(row);
        }
        _code.AddTo(Probabilities, _rows * _code.Target.VectorBytes);
        _code.AddTo(ScoreGradients, _rows * _code.Target.VectorBytes);
        _code.AddTo(Output, _rows / 2 * Vectors * _code.Target.VectorBytes);
    }

    /// <summary>
    /// Emits the tiles, and then one of twice the keys and half the queries: of the last keys before a block's end, its first queries see
    /// none.
    /// </summary>
    private void ForEachTile(Action emit)
    {
        var (next, last, end) = (_code.CreateLabel(), _code.CreateLabel(), _code.CreateLabel());
        _code.JumpIfLess(Tiles, 1, last);
        _code.Place(next);
        emit();
        _code.CountDown(Tiles, next);
        _code.Place(last);
        Load(Column, nameof(ScoreArguments.LastTiles));
        _code.JumpIfLess(Column, 1, end);
        (_rows, _first) = (Rows * Vectors, Vectors - 1);
        emit();
        Load(Column, nameof(ScoreArguments.LastTiles));
        _code.AddTo(Column, -1);
        _code.Store(Argument(nameof(ScoreArguments.LastTiles)), Column);
        _code.Place(end);
    }

    private void Begin()
    {
        Load(Tiles, nameof(ScoreArguments.Tiles));
        Load(Output, nameof(ScoreArguments.Columns));
        Load(Hidden, nameof(ScoreArguments.Hidden));
        Load(VisibleTiles, nameof(ScoreArguments.VisibleTiles));
        _code.Broadcast(Scale, Argument(nameof(ScoreArguments.BinaryScale)));
        _code.Broadcast(HiddenScores, Constant(HiddenScore));
        _pairs.Begin();
        Load(Place, nameof(ScoreArguments.Bases));
        for (var v = 0; v < Vectors; v++)
        {
            _code.Load(Temporary(v), At(Place, v));
            _code.Multiply(Shift(v), Temporary(v), Constant(-PowersOfTwo.LogarithmOfE));
        }
    }

    /// <summary>Adds a tile's rows times its columns to the sums, and leaves the pointer at the next rows.</summary>
    private void Multiply(Register rows, string columns)
    {
        var activation = Temporary(Vectors);
        Load(Column, columns);
        Load(Count, nameof(ScoreArguments.Steps));
        var next = _code.CreateLabel();
        _code.Place(next);
        for (var v = _first; v < Vectors; v++)
            _code.Load(Temporary(v), At(Column, v));
        for (var row = 0; row < _rows; row++)
        {
            _code.Broadcast(activation, new Memory(rows, row * _rowBytes));
            for (var v = _first; v < Vectors; v++)
                _code.DotBFloat16(Sum(row, v), Temporary(v), activation);
        }
        _code.AddTo(rows, sizeof(float));
        _code.AddTo(Column, Vectors * _code.Target.VectorBytes);
        _code.CountDown(Count, next);
        _code.AddTo(rows, _rows * _rowBytes - _steps * sizeof(float));
    }

    /// <summary>Makes the scores of keys that a query does not see very low, in the tiles that have such.</summary>
    private void Hide()
    {
        var (hide, next) = (_code.CreateLabel(), _code.CreateLabel());
        _code.AddTo(VisibleTiles, -1);
        _code.JumpIfLess(VisibleTiles, 0, hide);
        _code.Jump(next);
        _code.Place(hide);
        ForEachSum((row, v) =>
        {
            var mask = new Mask(1 + Sum(row, v).Number % 4);
            _code.Load(mask, new Memory(Hidden, row * sizeof(uint) + v * sizeof(ushort)));
            _code.Copy(Sum(row, v), HiddenScores, mask);
        });
        _code.Place(next);
        _code.AddTo(Hidden, _rows * sizeof(uint));
    }

    /// <summary>Finds each query's largest score, and those for which it is far above the base.</summary>
    private void FindLargest()
    {
        _code.Broadcast(Temporary(4), Constant(Headroom));
        for (var row = 1; row < _rows; row++)
        {
            for (var v = _first; v < Vectors; v++)
                _code.Maximum(Temporary(v), row == 1 ? Sum(0, v) : Temporary(v), Sum(row, v));
        }
        for (var v = _first; v < Vectors; v++)
        {
            _code.Copy(Temporary(2 + v), Temporary(v));
            _code.MultiplyByAndAdd(Temporary(2 + v), Scale, Shift(v));
            _code.FindGreater(Exceeding(v), Temporary(2 + v), Temporary(4));
        }
    }

    private void MoveBases()
    {
        for (var v = _first; v < Vectors; v++)
        {
            var (before, now, power) = (Temporary(3), Temporary(4), Temporary(5));
            _code.Broadcast(Temporary(2), Argument(nameof(ScoreArguments.Scale)));
            _code.Multiply(Temporary(2), Temporary(v), Temporary(2));
            Load(Place, nameof(ScoreArguments.Bases));
            _code.Load(before, At(Place, v));
            _code.Copy(now, before);
            _code.Copy(now, Temporary(2), Exceeding(v));
            _code.Store(At(Place, v), now);
            _code.Multiply(Shift(v), now, Constant(-PowersOfTwo.LogarithmOfE));
            _code.Subtract(power, before, now);
            _code.Multiply(power, power, Constant(PowersOfTwo.LogarithmOfE));
            PowersOfTwo.Raise(_code, [(power, Temporary(6), Temporary(7))]);
            Load(Place, nameof(ScoreArguments.Corrections));
            _code.Store(At(Place, v), power);
            _code.Multiply(Total(v), Total(v), power);
        }
    }

    /// <summary>Turns some rows' scores into probabilities.</summary>
    private void Exponentiate(int row)
    {
        var powers = new List<(Vector Power, Vector Whole, Vector Result)>();
        ForEachSum(row, RowsAtATime, (r, v) =>
        {
            powers.Add((Sum(r, v), Temporary(powers.Count), Temporary(PowersAtATime + powers.Count)));
            _code.MultiplyByAndAdd(Sum(r, v), Scale, Shift(v));
        });
        PowersOfTwo.Raise(_code, powers);
    }

    /// <summary>Rounds two rows, each into one vector of pairs of queries.</summary>
    private void RoundRows(int row)
    {
        for (var r = 0; r < 2; r++)
            _code.RoundToBFloat16(Temporary(r), Sum(row + r, _first), Sum(row + r, Vectors - 1));
    }

    private void StoreRows(Register place, int row)
    {
        for (var r = 0; r < 2; r++)
            _code.Store(At(place, row + r), Temporary(r));
    }

    /// <summary>Makes pairs of keys of two rounded rows.</summary>
    private void StorePairs(int row)
    {
        _pairs.Join(Temporary(0), Temporary(1), Temporary(2));
        _code.Store(At(Output, row), Temporary(0));
        _code.Store(At(Output, row + 1), Temporary(2));
    }

    private void ForEachSum(Action<int, int> emit) => ForEachSum(0, _rows, emit);

    private void ForEachSum(int first, int count, Action<int, int> emit)
    {
        for (var row = first; row < first + count; row++)
        {
            for (var v = _first; v < Vectors; v++)
                emit(row, v);
        }
    }

    private void Load(Register register, string field) => _code.Load(register, Argument(field));

    private Memory At(Register place, int vector) => new(place, vector * _code.Target.VectorBytes);

    private Memory Constant(float value) => _code.Constant(BitConverter.GetBytes(value));

    private static Memory Argument(string field) => KernelAssembler.Argument<ScoreArguments>(field);

    private Vector Sum(int row, int v) => new(row * (Vectors - _first) + v - _first);

    private static Vector Temporary(int i) => new(Rows * Vectors + i);

    private static Vector Shift(int v) => new(25 + v);

    private static Vector Total(int v) => new(27 + v);

    private static Mask Exceeding(int v) => new(5 + v);
}
