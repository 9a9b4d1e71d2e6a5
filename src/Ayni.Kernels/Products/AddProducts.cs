namespace Ayni.Kernels;

/// <summary>
/// Multiplies several packed products and adds them to their sums, as one work, so that threads wait for each other once.
/// </summary>
internal readonly unsafe struct AddProducts<TTile>(MultiplyBlocks<TTile>[] products, float[][] sums) : IChunkedWork
    where TTile : struct, IProductTile
{
    public int ChunkCount => products.Sum(product => product.ChunkCount);

    public void Execute(int chunk)
    {
        var i = 0;
        for (; chunk >= products[i].ChunkCount; i++)
            chunk -= products[i].ChunkCount;
        fixed (float* values = sums[i])
        {
            var product = products[i];
            product.Addend = product.Output = values;
            product.Execute(chunk);
        }
    }
}
