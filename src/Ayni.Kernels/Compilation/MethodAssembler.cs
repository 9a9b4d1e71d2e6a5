using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using Iced.Intel;
using Label = System.Reflection.Emit.Label;

namespace Ayni.Kernels;

/// <summary>
/// A kernel as a method: pointers and vectors are its variables, and every vector instruction is an intrinsic of the runtime, whose
/// compiler makes the processor's code of it. So ARM64 gets its kernels, <c>sdot</c> among them, and any other processor the same ones to
/// test them.
/// </summary>
/// <remarks>
/// The runtime has no intrinsics for ARM64's matrix products of bytes (I8MM) and for F16 numbers in vectors, nor for asking ahead.
/// </remarks>
[RequiresDynamicCode("Methods are compiled while the program runs.")]
internal sealed unsafe class MethodAssembler : KernelAssembler
{
    private static readonly MethodInfo BitwiseAnd = Binary<byte>(Vector128.BitwiseAnd);
    private static readonly MethodInfo BitwiseOr = Binary<byte>(Vector128.BitwiseOr);
    private static readonly MethodInfo ExclusiveOr = Binary<byte>(Vector128.Xor);
    private static readonly MethodInfo Least = Binary<byte>(Vector128.Min);
    private static readonly MethodInfo LookUp = Binary<byte>(Vector128.Shuffle);
    private static readonly MethodInfo SumOfIntegers = Binary<int>(Vector128.Add);
    private static readonly MethodInfo ProductOfIntegers = Binary<int>(Vector128.Multiply);
    private static readonly MethodInfo SumOfFloats = Binary<float>(Vector128.Add);
    private static readonly MethodInfo ProductOfFloats = Binary<float>(Vector128.Multiply);
    private static readonly MethodInfo ShiftRight = ((Func<Vector128<uint>, int, Vector128<uint>>)Vector128.ShiftRightLogical).Method;
    private static readonly MethodInfo ShiftLeft = ((Func<Vector128<uint>, int, Vector128<uint>>)Vector128.ShiftLeft).Method;
    private static readonly MethodInfo Convert = ((Func<Vector128<int>, Vector128<float>>)Vector128.ConvertToSingle).Method;
    private static readonly MethodInfo Create = ((Func<ulong, ulong, Vector128<ulong>>)Vector128.Create).Method;
    private static readonly MethodInfo Fused =
        ((Func<Vector128<float>, Vector128<float>, Vector128<float>, Vector128<float>>)Vector128.FusedMultiplyAdd).Method;

    private static readonly MethodInfo Dot = ((Func<Vector128<int>, Vector128<sbyte>, Vector128<sbyte>, Vector128<int>>)(
        Dp.IsSupported ? Dp.DotProduct : DotProduct)).Method;

    private static readonly MethodInfo Replicated = ((IntegersLoading)(AdvSimd.IsSupported ? AdvSimd.LoadAndReplicateToVector128 : Replicate)).Method;
    private static readonly MethodInfo WidenedBytes = ((Loading)WidenBytes).Method;
    private static readonly MethodInfo WidenedSignedBytes = ((Loading)WidenSignedBytes).Method;
    private static readonly MethodInfo WidenedWords = ((Loading)WidenWords).Method;
    private static readonly MethodInfo WidenedHalves = ((Loading)WidenHalves).Method;

    private readonly DynamicMethod _method;
    private readonly ILGenerator _code;
    private readonly Dictionary<Register, LocalBuilder> _pointers = [];
    private readonly Dictionary<Vector, LocalBuilder> _vectors = [];
    private readonly List<Label> _labels = [];
    private readonly List<byte[]> _constants = [];

    /// <summary>Begins a kernel.</summary>
    /// <param name="target">What to emit for, of 128-bit vectors.</param>
    public MethodAssembler(KernelTarget target) : base(target)
    {
        _method = new DynamicMethod("Kernel", typeof(void), [typeof(void*)], typeof(MethodAssembler).Module, skipVisibility: true)
        {
            InitLocals = false,
        };
        _code = _method.GetILGenerator();
        _code.Emit(OpCodes.Ldarg_0);
        Pop(Arguments);
    }

    private delegate Vector128<int> IntegersLoading(int* place);

    private delegate Vector128<byte> Loading(byte* place);

    /// <summary>Ends the kernel.</summary>
    public KernelMethod Finish()
    {
        _code.Emit(OpCodes.Ret);
        return _method.CreateDelegate<KernelMethod>();
    }

    public override ulong CreateLabel()
    {
        _labels.Add(_code.DefineLabel());
        return (ulong)_labels.Count - 1;
    }

    public override void Place(ulong label) => _code.MarkLabel(_labels[(int)label]);

    public override void Jump(ulong label) => _code.Emit(OpCodes.Br, _labels[(int)label]);

    public override void JumpIfLess(Register register, int number, ulong label)
    {
        Push(register);
        Push(number);
        _code.Emit(OpCodes.Blt, _labels[(int)label]);
    }

    public override void CountDown(Register counter, ulong label)
    {
        AddTo(counter, -1);
        Push(counter);
        _code.Emit(OpCodes.Brtrue, _labels[(int)label]);
    }

    public override void Load(Register register, Memory place)
    {
        Push(place);
        _code.Emit(OpCodes.Ldind_I);
        Pop(register);
    }

    public override void Copy(Register destination, Register source)
    {
        Push(source);
        Pop(destination);
    }

    public override void LoadAddress(Register register, Memory place)
    {
        Push(place);
        Pop(register);
    }

    public override void AddTo(Register register, int number)
    {
        Push(register);
        Push(number);
        _code.Emit(OpCodes.Add);
        Pop(register);
    }

    public override void AddTo(Register register, Register other)
    {
        Push(register);
        Push(other);
        _code.Emit(OpCodes.Add);
        Pop(register);
    }

    public override void Prefetch(Memory place)
    {
        // What lies ahead is fetched by the processor itself, or not.
    }

    public override Memory Constant(ReadOnlySpan<byte> pattern)
    {
        var bytes = new byte[Vector128<byte>.Count];
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = pattern[i % pattern.Length];
        var known = _constants.FindIndex(constant => constant.AsSpan().SequenceEqual(bytes));
        if (known >= 0)
            return new Memory(Register.RIP, known);
        _constants.Add(bytes);
        return new Memory(Register.RIP, _constants.Count - 1);
    }

    public override void Load(Vector d, Memory a)
    {
        PushVector<byte>(a);
        Pop<byte>(d);
    }

    public override void Store(Memory d, Vector a)
    {
        Push(d);
        Push<byte>(a);
        _code.Emit(OpCodes.Unaligned, (byte)1);
        _code.Emit(OpCodes.Stobj, typeof(Vector128<byte>));
    }

    public override void Copy(Vector d, Vector a)
    {
        Push<byte>(a);
        Pop<byte>(d);
    }

    public override void Clear(Vector d) => Load(d, Constant([0]));

    public override void Broadcast(Vector d, Memory a)
    {
        Push(a);
        _code.Emit(OpCodes.Call, Replicated);
        Pop<int>(d);
    }

    public override void LoadBytes(Vector d, Memory a) => LoadBy(WidenedBytes, d, a);

    public override void LoadSignedBytes(Vector d, Memory a) => LoadBy(WidenedSignedBytes, d, a);

    public override void LoadWords(Vector d, Memory a) => LoadBy(WidenedWords, d, a);

    public override void LoadHalves(Vector d, Memory a) => LoadBy(WidenedHalves, d, a);

    public override void And(Vector d, Vector a, Vector b) => Compute<byte>(BitwiseAnd, d, a, b);

    public override void Or(Vector d, Vector a, Vector b) => Compute<byte>(BitwiseOr, d, a, b);

    public override void Xor(Vector d, Vector a, Vector b) => Compute<byte>(ExclusiveOr, d, a, b);

    public override void ShiftRightIntegers(Vector d, Vector a, int bits) => Shift(ShiftRight, d, a, bits);

    public override void ShiftLeftIntegers(Vector d, Vector a, int bits) => Shift(ShiftLeft, d, a, bits);

    public override void AddWords(Vector d, Vector a, Vector b) => throw NotNeeded();

    public override void AddIntegers(Vector d, Vector a, Vector b) => Compute<int>(SumOfIntegers, d, a, b);

    public override void MultiplyIntegers(Vector d, Vector a, Vector b) => Compute<int>(ProductOfIntegers, d, a, b);

    public override void MultiplyIntegers(Vector d, Vector a, Memory b) => Compute<int>(ProductOfIntegers, d, a, b);

    public override void MinimumBytes(Vector d, Vector a, Vector b) => Compute<byte>(Least, d, a, b);

    public override void Shuffle(Vector d, Vector a, Vector b) => Compute<byte>(LookUp, d, a, b);

    public override void MultiplyAddBytes(Vector d, Vector a, Vector b) => throw NotNeeded();

    public override void MultiplyAddWords(Vector d, Vector a, Vector b) => throw NotNeeded();

    public override void MultiplyAddWords(Vector d, Vector a, Memory b) => throw NotNeeded();

    public override void DotBytes(Vector d, Vector a, Vector b)
    {
        Push<int>(d);
        Push<sbyte>(a);
        Push<sbyte>(b);
        _code.Emit(OpCodes.Call, Dot);
        Pop<int>(d);
    }

    public override void DotBFloat16(Vector d, Vector a, Vector b) => throw NotNeeded();

    public override void MultiplyByAndAdd(Vector d, Vector a, Vector b) => throw NotNeeded();

    public override void MultiplyByAndAddEach(Vector d, Vector a, Memory b) => throw NotNeeded();

    public override void Add(Vector d, Vector a, Vector b) => throw NotNeeded();

    public override void Subtract(Vector d, Vector a, Vector b) => throw NotNeeded();

    public override void Divide(Vector d, Vector a, Vector b) => throw NotNeeded();

    public override void SquareRoot(Vector d, Vector a) => throw NotNeeded();

    public override void Maximum(Vector d, Vector a, Vector b) => throw NotNeeded();

    public override void Round(Vector d, Vector a) => throw NotNeeded();

    public override void MultiplyByPower(Vector d, Vector a, Vector b) => throw NotNeeded();

    public override void RoundToBFloat16(Vector d, Vector lower, Vector upper) => throw NotNeeded();

    public override void PermuteWords(Vector d, Vector indices, Vector a) => throw NotNeeded();

    public override void Copy(Vector d, Vector a, Mask mask) => throw NotNeeded();

    public override void Load(Vector d, Memory a, Mask mask) => throw NotNeeded();

    public override void StorePast(Memory d, Vector a) => throw NotNeeded();

    public override void StoreLowerHalf(Memory d, Vector a) => throw NotNeeded();

    public override void StoreUpperHalf(Memory d, Vector a) => throw NotNeeded();

    public override void Load(Mask d, Memory a) => throw NotNeeded();

    public override void FindGreater(Mask d, Vector a, Vector b) => throw NotNeeded();

    public override void JumpIfNone(Mask a, Mask b, ulong label) => throw NotNeeded();

    public override void Store(Memory place, Register register) => throw NotNeeded();

    public override void ToSingle(Vector d, Vector a)
    {
        Push<int>(a);
        _code.Emit(OpCodes.Call, Convert);
        Pop<float>(d);
    }

    public override void Add(Vector d, Vector a, Memory b) => Compute<float>(SumOfFloats, d, a, b);

    public override void Multiply(Vector d, Vector a, Vector b) => Compute<float>(ProductOfFloats, d, a, b);

    public override void Multiply(Vector d, Vector a, Memory b) => Compute<float>(ProductOfFloats, d, a, b);

    public override void MultiplyAdd(Vector d, Vector a, Vector b)
    {
        Push<float>(a);
        Push<float>(b);
        Push<float>(d);
        _code.Emit(OpCodes.Call, Fused);
        Pop<float>(d);
    }

    public override void MultiplyAdd(Vector d, Vector a, Memory b)
    {
        Push<float>(a);
        PushVector<float>(b);
        Push<float>(d);
        _code.Emit(OpCodes.Call, Fused);
        Pop<float>(d);
    }

    public override void MultiplyByAndAdd(Vector d, Vector a, Memory b)
    {
        Push<float>(d);
        Push<float>(a);
        PushVector<float>(b);
        _code.Emit(OpCodes.Call, Fused);
        Pop<float>(d);
    }

    private static NotSupportedException NotNeeded() => new("Only targets that have other instructions need this one.");

    private static MethodInfo Binary<T>(Func<Vector128<T>, Vector128<T>, Vector128<T>> operation) => operation.Method;

    private static Vector128<int> Replicate(int* place) => Vector128.Create(*place);

    /// <summary>What <c>sdot</c> does, where there is none.</summary>
    private static Vector128<int> DotProduct(Vector128<int> sums, Vector128<sbyte> a, Vector128<sbyte> b)
    {
        var ((firstA, lastA), (firstB, lastB)) = (Vector128.Widen(a), Vector128.Widen(b));
        return sums + Vector128.Narrow(SumPairs(SumPairs(firstA * firstB)), SumPairs(SumPairs(lastA * lastB)));
    }

    private static Vector128<int> SumPairs(Vector128<short> a) => (a.AsInt32() << 16 >> 16) + (a.AsInt32() >> 16);

    private static Vector128<long> SumPairs(Vector128<int> a) => (a.AsInt64() << 32 >> 32) + (a.AsInt64() >> 32);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> WidenBytes(byte* place) =>
        Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(uint*)place).AsByte())).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> WidenSignedBytes(byte* place) =>
        Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(uint*)place).AsSByte())).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> WidenWords(byte* place) =>
        Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)place).AsUInt16()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> WidenHalves(byte* place) => Lanes.HalfToSingle(WidenWords(place).AsUInt32()).AsByte();

    private void LoadBy(MethodInfo loading, Vector d, Memory a)
    {
        Push(a);
        _code.Emit(OpCodes.Call, loading);
        Pop<byte>(d);
    }

    private void Compute<T>(MethodInfo operation, Vector d, Vector a, Vector b)
    {
        Push<T>(a);
        Push<T>(b);
        _code.Emit(OpCodes.Call, operation);
        Pop<T>(d);
    }

    private void Compute<T>(MethodInfo operation, Vector d, Vector a, Memory b)
    {
        Push<T>(a);
        PushVector<T>(b);
        _code.Emit(OpCodes.Call, operation);
        Pop<T>(d);
    }

    private void Shift(MethodInfo operation, Vector d, Vector a, int bits)
    {
        Push<uint>(a);
        _code.Emit(OpCodes.Ldc_I4, bits);
        _code.Emit(OpCodes.Call, operation);
        Pop<uint>(d);
    }

    private void Push(int number)
    {
        _code.Emit(OpCodes.Ldc_I4, number);
        _code.Emit(OpCodes.Conv_I);
    }

    private void Push(Register register) => _code.Emit(OpCodes.Ldloc, LocalOf(register));

    private void Pop(Register register) => _code.Emit(OpCodes.Stloc, LocalOf(register));

    private LocalBuilder LocalOf(Register register) =>
        _pointers.TryGetValue(register, out var local) ? local : _pointers[register] = _code.DeclareLocal(typeof(nint));

    /// <summary>An address.</summary>
    private void Push(Memory place)
    {
        Push(place.Base);
        if (place.Index != Register.None)
        {
            Push(place.Index);
            if (place.Scale != 1)
            {
                Push(place.Scale);
                _code.Emit(OpCodes.Mul);
            }
            _code.Emit(OpCodes.Add);
        }
        if (place.Displacement != 0)
        {
            Push(place.Displacement);
            _code.Emit(OpCodes.Add);
        }
    }

    /// <summary>A vector of memory, or a constant.</summary>
    private void PushVector<T>(Memory place)
    {
        if (place.Base != Register.RIP)
        {
            Push(place);
            _code.Emit(OpCodes.Unaligned, (byte)1);
            _code.Emit(OpCodes.Ldobj, typeof(Vector128<T>));
            return;
        }
        var bytes = _constants[place.Displacement];
        _code.Emit(OpCodes.Ldc_I8, BitConverter.ToInt64(bytes, 0));
        _code.Emit(OpCodes.Ldc_I8, BitConverter.ToInt64(bytes, sizeof(long)));
        _code.Emit(OpCodes.Call, Create);
        Cast<ulong, T>();
    }

    private void Push<T>(Vector vector)
    {
        _code.Emit(OpCodes.Ldloc, LocalOf(vector));
        Cast<byte, T>();
    }

    private void Pop<T>(Vector vector)
    {
        Cast<T, byte>();
        _code.Emit(OpCodes.Stloc, LocalOf(vector));
    }

    private LocalBuilder LocalOf(Vector vector) =>
        _vectors.TryGetValue(vector, out var local) ? local : _vectors[vector] = _code.DeclareLocal(typeof(Vector128<byte>));

    /// <summary>Sees the same bits as other elements.</summary>
    private void Cast<TFrom, TTo>()
    {
        if (typeof(TFrom) != typeof(TTo))
            _code.Emit(OpCodes.Call, ((Func<Vector128<TFrom>, Vector128<TTo>>)Vector128.As<TFrom, TTo>).Method);
    }
}
