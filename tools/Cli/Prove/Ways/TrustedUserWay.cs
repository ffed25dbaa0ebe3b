using System.Net.Http.Headers;
using System.Text;
using Cli.Install;
using DeviceAgent.Settings;

namespace Cli.Prove.Ways;

/// <summary>By a claim of five minutes, which an installer brings to the board's serial port.</summary>
internal sealed class TrustedUserWay : Way
{
    /// <inheritdoc/>
    public override string Method => ProvisioningMethod.TrustedUser;

    /// <inheritdoc/>
    public override IReadOnlyList<WayRefusal> Refusals { get; } =
    [
        new("the claim is of another template", world => world.Bring("smpl-krsk-iot-core-prov-temp-serial"), world => world.Bring(null), "the claim policy must allow"),
        new("the template wants a parameter that the board does not give", world => world.BreakTemplate(), world => world.MendTemplate(), "RegisterThing with template"),
    ];

    /// <inheritdoc/>
    /// <remarks>The installer makes a claim, and another where the board does not take it or its time is over, as a person would.</remarks>
    public override async Task AttendAsync(WayWorld world, WayBoard board, CancellationToken cancellationToken)
    {
        if (board.HadIdentity)
        {
            return; // nobody comes to a board that is a thing
        }

        try
        {
            while (true)
            {
                string template = world.Template;
                ProvisioningClaim claim = await MakeClaimAsync(world, template, cancellationToken).ConfigureAwait(false);
                board.Claims.Add(claim);
                using CancellationTokenSource another = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                Task<InstallOutcome> installing = new Installation(board.Cable.InstallersEnd, claim, null, null, TimeProvider.System, board.Tell).RunAsync(WayTrial.Patience, another.Token);
                while (!installing.IsCompleted && world.Template == template)
                {
                    await Task.WhenAny(installing, Task.Delay(50, cancellationToken)).ConfigureAwait(false);
                }

                await another.CancelAsync().ConfigureAwait(false);
                InstallOutcome outcome = await installing.ConfigureAwait(false);
                if (outcome.Error is null)
                {
                    return;
                }

                cancellationToken.ThrowIfCancellationRequested();
                board.Tell(outcome.Error);
            }
        }
        catch (OperationCanceledException)
        {
            // The board was switched off
        }
    }

    /// <inheritdoc/>
    public override string? FindFault(WayWorld world, WayBoard board)
    {
        foreach (ProvisioningClaim claim in board.Claims)
        {
            // The middle of the key is in no other text
            byte[] secret = Encoding.ASCII.GetBytes(claim.PrivateKeyPem.Split('\n')[3]);
            foreach (string name in board.Flash.List())
            {
                if (board.Flash.Peek(name).AsSpan().IndexOf(secret) >= 0)
                {
                    return $"the claim's key is in its flash, in {name}";
                }
            }
        }

        return null;
    }

    private static async Task<ProvisioningClaim> MakeClaimAsync(WayWorld world, string template, CancellationToken cancellationToken)
    {
        using HttpClient http = new();
        using HttpRequestMessage request = new(HttpMethod.Post, $"{world.Cloud.ControlPlaneUrl}/provisioning-templates/{template}/provisioning-claim");
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "AWS4-HMAC-SHA256", $"Credential=installer/20260101/{world.Cloud.Region}/iot/aws4_request, SignedHeaders=host;x-amz-date, Signature={new string('0', 64)}");
        using HttpResponseMessage response = await http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        string answer = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        return response.IsSuccessStatusCode ? ProvisioningClaim.Parse(answer) : throw new WayException($"the control plane makes no claim: {(int)response.StatusCode}");
    }
}
