using Iced.Intel;

namespace Ayni.Kernels.Tests;

internal sealed unsafe partial class Emulator
{
    private unsafe partial struct State
    {
        private readonly void ExecuteVector(in Instruction instruction)
        {
            var toMemory = instruction.Op0Kind == OpKind.Memory;
            var bytes = (toMemory ? instruction.Op1Register : instruction.Op0Register).GetSize();
            var destination = Operand(instruction, 0);
            var a = Operand(instruction, 1);
            var hasB = instruction.OpCount > 2 && instruction.GetOpKind(2) is OpKind.Register or OpKind.Memory;
            var b = hasB ? Operand(instruction, 2) : null;
            var bits = instruction.OpCount > 2 && !hasB ? (int)instruction.GetImmediate(2) : 0;
            if (instruction.Mnemonic == Mnemonic.Vextractf64x4)
            {
                bytes = VectorBytes / 2;
                a += bits * bytes;
            }
            if (instruction.Mnemonic == Mnemonic.Vmovntps && (nuint)destination % (nuint)bytes != 0)
                throw new InvalidOperationException("A store past the caches is not aligned.");
            var old = stackalloc byte[VectorBytes];
            Buffer.MemoryCopy(destination, old, VectorBytes, bytes);
            var result = stackalloc byte[VectorBytes];
            new Span<byte>(result, VectorBytes).Clear();
            for (var lane = 0; lane < bytes / sizeof(int); lane++)
            {
                var other = instruction.IsBroadcast ? b : b + lane * sizeof(int);
                ((int*)result)[lane] = Lane(instruction.Mnemonic, (int*)old + lane, a, lane, other, bits);
            }
            if (instruction.Mnemonic == Mnemonic.Vpshufb)
                Shuffle(a, b, result, bytes);
            else if (instruction.Mnemonic == Mnemonic.Vcvtne2ps2bf16)
                Round((float*)b, (float*)a, (ushort*)result, bytes / sizeof(float));
            else if (instruction.Mnemonic == Mnemonic.Vpermt2w)
                Choose((ushort*)old, (ushort*)b, (ushort*)a, (ushort*)result, bytes / sizeof(ushort));
            // A vector instruction clears what its register has beyond its width.
            Buffer.MemoryCopy(result, destination, VectorBytes, toMemory ? bytes : VectorBytes);
        }

        private static int Lane(Mnemonic mnemonic, int* old, byte* first, int lane, byte* b, int bits)
        {
            var a = first + lane * sizeof(int);
            float* x = (float*)a, y = (float*)b;
            ushort* u = (ushort*)a;
            short* v = (short*)a, w = (short*)b;
            return mnemonic switch
            {
                Mnemonic.Vmovups or Mnemonic.Vmovaps or Mnemonic.Vmovntps or Mnemonic.Vextractf64x4 => *(int*)a,
                Mnemonic.Vpbroadcastd => *(int*)first,
                Mnemonic.Vpmovzxbd => first[lane],
                Mnemonic.Vpmovsxbd => ((sbyte*)first)[lane],
                Mnemonic.Vpmovzxwd => ((ushort*)first)[lane],
                Mnemonic.Vcvtph2ps => Bits((float)((Half*)first)[lane]),
                Mnemonic.Vpxor or Mnemonic.Vpxord => *(int*)a ^ *(int*)b,
                Mnemonic.Vpand or Mnemonic.Vpandd => *(int*)a & *(int*)b,
                Mnemonic.Vpor or Mnemonic.Vpord => *(int*)a | *(int*)b,
                Mnemonic.Vpsrlw => Words(u[0] >> bits, u[1] >> bits),
                Mnemonic.Vpaddw => Words(v[0] + w[0], v[1] + w[1]),
                Mnemonic.Vpmaddubsw => Words(Saturated(a, (sbyte*)b), Saturated(a + 2, (sbyte*)b + 2)),
                Mnemonic.Vpsrld => (int)(*(uint*)a >> bits),
                Mnemonic.Vpslld => *(int*)a << bits,
                Mnemonic.Vpaddd => *(int*)a + *(int*)b,
                Mnemonic.Vpmulld => *(int*)a * *(int*)b,
                Mnemonic.Vpminub => Words(Least(a, b), Least(a + 2, b + 2)),
                Mnemonic.Vpshufb or Mnemonic.Vcvtne2ps2bf16 or Mnemonic.Vpermt2w => 0,
                Mnemonic.Vpmaddwd => v[0] * w[0] + v[1] * w[1],
                Mnemonic.Vpdpbusd => *old + a[0] * ((sbyte*)b)[0] + a[1] * ((sbyte*)b)[1] + a[2] * ((sbyte*)b)[2] + a[3] * ((sbyte*)b)[3],
                Mnemonic.Vdpbf16ps => Bits(BFloat16Reference.Dot(*(float*)old, *(uint*)a, *(uint*)b)),
                Mnemonic.Vaddps => Bits(*x + *y),
                Mnemonic.Vsubps => Bits(*x - *y),
                Mnemonic.Vdivps => Bits(*x / *y),
                Mnemonic.Vsqrtps => Bits(MathF.Sqrt(*x)),
                Mnemonic.Vrndscaleps => Bits(MathF.Round(*x)),
                Mnemonic.Vscalefps => Bits(float.ScaleB(*x, (int)MathF.Floor(*y))),
                Mnemonic.Vcvtdq2ps => Bits(*(int*)a),
                Mnemonic.Vmulps => Bits(*x * *y),
                Mnemonic.Vfmadd231ps => Bits(MathF.FusedMultiplyAdd(*x, *y, *(float*)old)),
                Mnemonic.Vfmadd213ps => Bits(MathF.FusedMultiplyAdd(*x, *(float*)old, *y)),
                _ => throw new NotSupportedException($"{mnemonic}"),
            };
        }

        private static int Bits(float value) => BitConverter.SingleToInt32Bits(value);

        private static int Words(int low, int high) => (ushort)low | high << 16;

        private static int Least(byte* a, byte* b) => Math.Min(a[0], b[0]) | Math.Min(a[1], b[1]) << 8;

        private static int Saturated(byte* a, sbyte* b) => Math.Clamp(a[0] * b[0] + a[1] * b[1], short.MinValue, short.MaxValue);

        private static void Shuffle(byte* a, byte* indices, byte* result, int bytes)
        {
            for (var i = 0; i < bytes; i++)
                result[i] = (indices[i] & 0x80) != 0 ? (byte)0 : a[i / 16 * 16 + (indices[i] & 0xf)];
        }

        private static void Round(float* lower, float* upper, ushort* result, int count)
        {
            for (var i = 0; i < 2 * count; i++)
                result[i] = BFloat16Reference.RoundNormal(i < count ? lower[i] : upper[i - count]);
        }

        private static void Choose(ushort* first, ushort* second, ushort* indices, ushort* result, int count)
        {
            for (var i = 0; i < count; i++)
                result[i] = (indices[i] & count) == 0 ? first[indices[i] & (count - 1)] : second[indices[i] & (count - 1)];
        }
    }
}
