using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Ledger.Tests;

public sealed class MerkleTreeTests
{
    // The inputs and roots that implementations of RFC 6962 test with (Certificate Transparency's own).
    private static readonly string[] Inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    [Theory]
    [InlineData(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData(1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")]
    [InlineData(2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")]
    [InlineData(3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77")]
    [InlineData(4, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")]
    [InlineData(5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4")]
    [InlineData(6, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef")]
    [InlineData(7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c")]
    [InlineData(8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")]
    public void The_root_is_that_of_RFC_6962(int count, string root)
    {
        var leaves = Inputs.Take(count).Select(hex => MerkleTree.Leaf(Convert.FromHexString(hex))).ToArray();
        Assert.Equal(root, MerkleTree.Root(leaves).ToString());
    }

    [Fact]
    public void A_path_leads_from_its_leaf_at_its_place_to_the_root_and_from_no_other() => Prop.ForAll(
        Gen.Choose(1, 120).ToArbitrary(), Gen.Choose(0, 119).ToArbitrary(), (count, place) =>
        {
            var leaves = Leaves(count);
            var index = place % count;
            var root = MerkleTree.Root(leaves);
            Digest[] path = [.. MerkleTree.Path<Digest>(leaves, index, MerkleTree.Join)];
            bool Leads(int at, Digest leaf, Digest[] by) =>
                MerkleTree.TryClimb<Digest>(leaf, at, count, by, MerkleTree.Join, out var reached) && reached == root;
            return Leads(index, leaves[index], path)
                && Enumerable.Range(-1, count + 2).All(at => at == index || !Leads(at, leaves[index], path))
                && Enumerable.Range(0, count).All(other => other == index || !Leads(index, leaves[other], path))
                && !Leads(index, leaves[index], [.. path, root])
                && (path.Length == 0 || !Leads(index, leaves[index], path[..^1]));
        }).QuickCheckThrowOnFailure();

    internal static Digest[] Leaves(int count) =>
        [.. Enumerable.Range(0, count).Select(number => MerkleTree.Leaf([(byte)number, (byte)(number >> 8)]))];
}
