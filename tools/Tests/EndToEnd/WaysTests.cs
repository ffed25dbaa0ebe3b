using Cli.Prove.Ways;
using LocalCloud;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Tests.EndToEnd;

/// <summary>The proof of all methods finds what is not as promised.</summary>
[TestClass]
public sealed class WaysTests
{
    public TestContext TestContext { get; set; }

    [TestMethod]
    [Timeout(120_000, CooperativeCancellation = true)]
    public async Task What_is_not_as_promised_is_found()
    {
        var results = await new WayTrial(new StrayWay(), _ => { }).RunAsync(TestContext.CancellationToken);

        Assert.HasCount(5, results);
        foreach (var result in results)
        {
            Assert.IsFalse(result.Ok, result.ToString());

            // In a refusal it may be there before the board is: then it is found alone
            Assert.MatchesRegex("its thing has 2 active certificates|it has an active certificate all the same", result.Outcome);
        }
    }

    /// <summary>A method that leaves each thing with a certificate whose key nobody has.</summary>
    private sealed class StrayWay : ClaimWay
    {
        public override async Task AttendAsync(WayWorld world, WayBoard board, CancellationToken cancellationToken)
        {
            if (board.Starts == 1)
            {
                var stray = await world.Cloud.CreateOperatorCredentialsAsync(board.HardwareId + "-stray", cancellationToken);
                world.Cloud.Registry.PutThing(new Thing(board.HardwareId, null));
                world.Cloud.Registry.AttachThing(board.HardwareId, stray.CertificateId);
            }
        }
    }
}
