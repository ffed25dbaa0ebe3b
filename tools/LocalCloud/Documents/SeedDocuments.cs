using System.Reflection;
using System.Text;

namespace LocalCloud;

/// <summary>
/// The policies and templates that tools/aws uploads to a real account, which are LocalCloud's defaults: the same files,
/// filled in with the account, region, product and template of a <see cref="LocalCloudOptions"/>.
/// </summary>
internal static class SeedDocuments
{
    /// <summary>The policy of the claim certificate for the template by thing name. The documents do not name it; the name follows the device policy's.</summary>
    public const string ClaimPolicyName = "smpl-krsk-iot-core-policy-claim";

    /// <summary>The policy that lets the same claim certificate use the template by serial number.</summary>
    public const string SerialClaimPolicyName = ClaimPolicyName + "-serial";

    /// <summary>The device policy, as the template by thing name names it.</summary>
    public const string DevicePolicyName = "smpl-krsk-iot-core-policy-devices";

    /// <summary>The device policy, as the template by serial number names it.</summary>
    public const string SerialDevicePolicyName = "My_IoT_Policy";

    /// <summary>The template by serial number and with a device configuration.</summary>
    public const string SerialTemplateName = "smpl-krsk-iot-core-prov-temp-serial";

    /// <summary>The thing type that the template by serial number names.</summary>
    public const string SerialThingTypeName = "Bulb";

    /// <summary>The region that the documents are written for.</summary>
    private const string WrittenForRegion = "arn:aws:iot:ap-northeast-1:";

    public static IEnumerable<Policy> Policies(LocalCloudOptions options) => Policies(SeedSettings.Of(options));

    public static IEnumerable<Policy> Policies(SeedSettings settings)
    {
        var claim = settings.AllowCsr ? "claim-policy-csr.json" : "claim-policy.json";
        var device = settings.AllowRotation ? "device-policy-rotation.json" : "device-policy.json";
        yield return Policy(ClaimPolicyName, claim, settings, settings.TemplateName);
        yield return Policy(SerialClaimPolicyName, claim, settings, SerialTemplateName);
        yield return Policy(DevicePolicyName, device, settings, settings.TemplateName);
        yield return Policy(SerialDevicePolicyName, device, settings, SerialTemplateName);
    }

    public static IEnumerable<ProvisioningTemplate> Templates(LocalCloudOptions options)
    {
        yield return ProvisioningTemplate.Parse(options.TemplateName, Read("provisioning-template.json"));
        yield return ProvisioningTemplate.Parse(SerialTemplateName, Read("provisioning-template-serial.json"));
    }

    private static Policy Policy(string name, string file, SeedSettings settings, string templateName)
    {
        // As text, and only these names: ${iot:…} is the policy's own language and $aws/ a topic.
        var text = new StringBuilder(Read(file))
            .Replace(WrittenForRegion, $"arn:aws:iot:{settings.Region}:")
            .Replace("${ACCOUNT_ID}", settings.AccountId)
            .Replace("${TEMPLATE_NAME}", templateName)
            .Replace("${PRODUCT_NAME}", settings.ProductName)
            .ToString();
        return new Policy(name, PolicyDocument.Parse(text));
    }

    private static string Read(string file)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("aws/" + file)
            ?? throw new InvalidOperationException($"The resource aws/{file} is missing from this build.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
